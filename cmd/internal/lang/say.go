package lang

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ordersync/ordersync/store/cell"
)

// pattern is a text of the table as a finished sentence looks that was made by it.
type pattern struct {
	shape   *regexp.Regexp
	literal int    // bytes beside the verbs: the more, the surer
	zh      string // with %s or %[n]s for every verb
}

// verb is one of fmt's verbs as the program's texts use them.
var verb = regexp.MustCompile(`%(\[\d+\])?[a-z]|%%`)

// named is what may stand before a sentence and is no language: a key, with where its value comes
// from, a flag, a check.
var named = regexp.MustCompile(`^([^\s:"]+(?: \([^()]*\))?): `)

// plain is what every reader reads alike: SQL, and the name and version of a server.
var plain = regexp.MustCompile(`^(CREATE (UNIQUE )?INDEX \S+ ON \S+ \([^()]*\)|(MySQL|MariaDB|SQLite) [0-9]\S*)$`)

// node is what may stand behind one: the address of a node of a cluster.
var node = regexp.MustCompile(` \(([^\s()]+:[0-9]+)\)$`)

var patterns = sync.OnceValue(func() []pattern {
	var out []pattern
	for en, zh := range all {
		out = append(out, patternOf(en, zh))
	}
	slices.SortFunc(out, func(a, b pattern) int {
		if a.literal != b.literal {
			return b.literal - a.literal
		}
		return strings.Compare(a.zh, b.zh)
	})
	return out
})

func patternOf(en, zh string) pattern {
	var shape strings.Builder
	shape.WriteString("(?s)^")
	literal, from := 0, 0
	for _, at := range verb.FindAllStringIndex(en, -1) {
		shape.WriteString(regexp.QuoteMeta(en[from:at[0]]))
		literal += at[0] - from
		from = at[1]
		switch en[at[0]:at[1]] {
		case "%%":
			shape.WriteString("%")
		case "%d":
			shape.WriteString(`(-?\d+)`)
		case "%q":
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
		return v[:len(v)-1] + "s"
	})
	return pattern{regexp.MustCompile(shape.String()), literal, zh}
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
	for _, p := range patterns() {
		match := p.shape.FindStringSubmatch(sentence)
		if match == nil {
			continue
		}
		holes := make([]any, len(match)-1)
		for i, hole := range match[1:] {
			holes[i] = hole
			if strings.Contains(hole, " ") { // one word is a name of the reader's: a table called order
				holes[i] = l.Say(hole)
			}
		}
		return fmt.Sprintf(p.zh, holes...), true
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
		return sentence, false
	}
	// What was looked at, or tried, and an error.
	if what, why, cut := strings.Cut(sentence, ": "); cut {
		if said, found := l.Find(what); found {
			return said + "：" + l.Say(why), true
		}
	}
	return sentence, false
}
