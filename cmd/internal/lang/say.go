package lang

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ordersync/ordersync/store/cell"
)

// pattern is a text of the table as a finished sentence looks that was made by it.
type pattern struct {
	words   []string              // what stands beside the holes, in its order
	shape   func() *regexp.Regexp // made when a sentence has all words: a thousand of them are 16 MB
	literal int                   // bytes beside the verbs: the more, the surer
	errors  []bool                // an error may stand in the hole: it is of %v, or the last thing of the text
	verbs   []int                 // which of the arguments stands in each hole, from 0
	zh      string                // with %s or %[n]s for every verb
	terms   map[string]string     // words of ours that may stand alone in a hole; nil: none
}

// verb is one of fmt's verbs as the program's texts use them: with the number of its argument or
// without, with a width and a precision or without.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?-?\d*(?:\.\d+)?[a-zT]|%%`)

// indexOf is the part of a verb that names its argument.
var indexOf = regexp.MustCompile(`\[\d+\]`)

// named is what may stand before a sentence and is no language: a key, with where its value comes
// from, a flag, a check.
var named = regexp.MustCompile(`^([^\s:"]+(?: \([^()]*\))?): `)

// plain is what every reader reads alike: SQL, and the name and version of a server.
var plain = regexp.MustCompile(`^(CREATE (UNIQUE )?INDEX \S+ ON \S+ \([^()]*\)|(MySQL|MariaDB|SQLite) [0-9]\S*)$`)

// node is what may stand behind one: the address of a node of a cluster.
var node = regexp.MustCompile(` \(([^\s()]+:[0-9]+)\)$`)

var patterns = sync.OnceValue(func() []*pattern {
	out := make([]*pattern, 0, len(all))
	for en, zh := range all {
		out = append(out, patternOf(en, zh))
	}
	slices.SortFunc(out, func(a, b *pattern) int {
		if a.literal != b.literal {
			return b.literal - a.literal
		}
		return strings.Compare(a.zh, b.zh)
	})
	return out
})

func patternOf(en, zh string) *pattern {
	var shape strings.Builder
	shape.WriteString("(?s)^")
	literal, from := 0, 0
	var words []string
	var verbs []int
	var errors []bool
	for _, at := range verb.FindAllStringSubmatchIndex(en, -1) {
		shape.WriteString(regexp.QuoteMeta(en[from:at[0]]))
		words = append(words, en[from:at[0]])
		literal += at[0] - from
		from = at[1]
		said := en[at[0]:at[1]]
		if said == "%%" {
			shape.WriteString("%")
			continue
		}
		argument := len(verbs)
		if at[2] >= 0 {
			argument, _ = strconv.Atoi(en[at[2]:at[3]]) // digits, as the pattern has them
			argument--
		}
		verbs = append(verbs, argument)
		errors = append(errors, strings.HasSuffix(said, "v") || from == len(en))
		switch said[len(said)-1] {
		case 'd':
			shape.WriteString(`( *-?\d+)`)
		case 'f':
			shape.WriteString(`( *-?\d+(?:\.\d+)?)`)
		case 'q':
			shape.WriteString(`("(?:[^"\\]|\\.)*")`)
		default:
			shape.WriteString("(.*?)")
		}
	}
	shape.WriteString(regexp.QuoteMeta(en[from:]) + "$")
	literal += len(en) - from
	zh = verb.ReplaceAllStringFunc(zh, func(v string) string {
		if v == "%%" {
			return v
		}
		return "%" + indexOf.FindString(v) + "s"
	})
	words = append(words, en[from:])
	compile := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(shape.String()) })
	return &pattern{words, compile, literal, errors, verbs, zh, terms[en]}
}

// find is what stands in the holes where a sentence was made by the text; nil: it was not.
func (p *pattern) find(sentence string) []string {
	rest := sentence
	for _, w := range p.words {
		at := strings.Index(rest, w)
		if at < 0 {
			return nil
		}
		rest = rest[at+len(w):]
	}
	found := p.shape().FindStringSubmatch(sentence)
	if found == nil {
		return nil
	}
	return found[1:]
}

// swallows tells that what was found looks like the beginning of another text: what was looked at,
// and a colon. An error may have one.
func (p *pattern) swallows(found []string) bool {
	for i, hole := range found {
		if !p.errors[i] && strings.Contains(hole+" ", ": ") {
			return true
		}
	}
	return false
}

// filled is the Chinese text with what stands in the holes.
func (p *pattern) filled(l Lang, found []string) string {
	var holes []any
	for i, hole := range found {
		if zh, ours := p.terms[hole]; ours {
			hole = zh
		} else if strings.Contains(hole, " ") { // one word is a name of the reader's: a table called order
			hole = l.Say(hole)
		}
		holes = slices.Grow(holes, p.verbs[i]+1)[:max(len(holes), p.verbs[i]+1)]
		holes[p.verbs[i]] = hole
	}
	return fmt.Sprintf(p.zh, holes...)
}

// Say is a finished English sentence in the reader's language. One that the table does not have
// stays as it is.
func (l Lang) Say(sentence string) string {
	said, _ := l.Find(sentence)
	return said
}

// Find is Say, and tells whether the sentence is in the reader's language now.
func (l Lang) Find(sentence string) (said string, found bool) {
	if !l.chinese || sentence == "" || plain.MatchString(sentence) {
		return sentence, true
	}
	if refused, ok := cell.Parse(sentence); ok {
		return refused.Chinese(), true
	}
	var whole *pattern // has a hole in which another text's beginning seems to stand
	for _, p := range patterns() {
		holes := p.find(sentence)
		switch {
		case holes == nil:
		case !p.swallows(holes):
			return p.filled(l, holes), true
		case whole == nil:
			whole = p
		}
	}
	if at := node.FindStringSubmatchIndex(sentence); at != nil {
		if said, found := l.Find(sentence[:at[0]]); found {
			return said + "（" + sentence[at[2]:at[3]] + "）", true
		}
	}
	if name := named.FindStringSubmatch(sentence); name != nil {
		if rest, found := l.Find(sentence[len(name[0]):]); found {
			return name[1] + "：" + rest, true
		}
	}
	if whole != nil {
		return whole.filled(l, whole.find(sentence)), true
	}
	// What was looked at, or tried, and an error.
	if named.MatchString(sentence) {
		return sentence, false
	}
	if what, why, cut := strings.Cut(sentence, ": "); cut {
		if said, found := l.Find(what); found {
			return said + "：" + l.Say(why), true
		}
	}
	return sentence, false
}
