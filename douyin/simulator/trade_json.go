package simulator

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is one JSON value. Trade nests, so its bodies are read into a tree before they are judged.
type value struct {
	kind    byte   // 's' text, 'i' integer, 'f' other number, 'b' boolean, 'n' null, 'o' object, 'a' array
	text    string // of anything but objects and arrays: a string's content, a number's own digits
	members []member
	items   []value
}

type member struct {
	name  string
	value value
}

// mostDepth bounds how deep a body may nest; the deepest documented one has four levels.
const mostDepth = 8

// tree reads a whole JSON text. A name that comes twice in one object is an error.
func tree(text []byte) (value, error) {
	sc := scanner{data: text}
	sc.space()
	v, err := sc.value(mostDepth)
	if err == nil {
		err = sc.end()
	}
	return v, err
}

func (s *scanner) value(depth int) (value, error) {
	if depth == 0 {
		return value{}, &fieldError{reason: "nests too deep"}
	}
	switch s.peek() {
	case '{':
		v := value{kind: 'o'}
		err := s.object(func(key []byte) error {
			name := string(key)
			if v.find(name) != nil {
				return &fieldError{name, "comes twice"}
			}
			inner, err := s.value(depth - 1)
			v.members = append(v.members, member{name, inner})
			return err
		})
		return v, err
	case '[':
		v := value{kind: 'a'}
		err := s.array(func(int) error {
			inner, err := s.value(depth - 1)
			v.items = append(v.items, inner)
			return err
		})
		return v, err
	}
	p, err := s.scalar()
	return value{kind: p.kind, text: p.text}, err
}

// find is the member of that name; nil: there is none.
func (v *value) find(name string) *value {
	if v == nil {
		return nil
	}
	for i := range v.members {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return nil
}

// str is a member as text; empty when there is none.
func (v *value) str(name string) string {
	if m := v.find(name); m != nil {
		return m.text
	}
	return ""
}

// num is a member as an integer, which its rule has found it to be; 0 when there is none.
func (v *value) num(name string) int64 {
	if m := v.find(name); m != nil {
		return m.integer()
	}
	return 0
}

func (v *value) integer() int64 {
	n, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// list is the elements of a member that is an array.
func (v *value) list(name string) []value {
	if m := v.find(name); m != nil {
		return m.items
	}
	return nil
}

// flaw is what is wrong with a body, by the field's name. It never holds the value.
type flaw struct {
	field, reason string
	kind          flawKind
}

type flawKind uint8

const (
	wrongValue flawKind = iota
	wrongType
	isMissing
	tooLong
)

func (f *flaw) text() string { return (&fieldError{f.field, f.reason}).Error() }

func bad(format string, args ...any) *flaw { return &flaw{reason: fmt.Sprintf(format, args...)} }

func mistyped(want string) *flaw { return &flaw{reason: "want " + want, kind: wrongType} }

// fieldRule is what the documents say of one field.
type fieldRule struct {
	name     string
	required bool
	check    check
}

// check finds what is wrong with a value; nil: nothing.
type check func(v *value) *flaw

// obey finds the first breach of rules in an object. A field without a rule is one.
func (v *value) obey(rules []fieldRule) *flaw {
	if v.kind != 'o' {
		return mistyped("an object")
	}
	for _, m := range v.members {
		if !slices.ContainsFunc(rules, func(r fieldRule) bool { return r.name == m.name }) {
			return bad("%s", unknownField([]byte(m.name)).Error())
		}
	}
	for _, r := range rules {
		m := v.find(r.name)
		if m == nil {
			if r.required {
				return &flaw{r.name, "is missing", isMissing}
			}
			continue
		}
		if f := r.check(m); f != nil {
			name := r.name
			if f.field != "" {
				name += "." + f.field
			}
			return &flaw{name, f.reason, f.kind}
		}
	}
	return nil
}

// isText allows strings of so many bytes.
func isText(least, most int) check {
	return func(v *value) *flaw {
		switch {
		case v.kind != 's':
			return mistyped("text")
		case len(v.text) < least:
			return &flaw{reason: "is empty", kind: isMissing}
		case len(v.text) > most:
			return &flaw{reason: fmt.Sprintf("%d bytes, at most %d are allowed", len(v.text), most), kind: tooLong}
		}
		return nil
	}
}

// isShort allows strings of so many characters.
func isShort(least, most int) check {
	return func(v *value) *flaw {
		if f := isText(least, 4*most)(v); f != nil {
			return f
		}
		if n := utf8.RuneCountInString(v.text); n > most {
			return &flaw{reason: fmt.Sprintf("%d characters, at most %d are allowed", n, most), kind: tooLong}
		}
		return nil
	}
}

func isOneOfTexts(allowed ...string) check {
	return func(v *value) *flaw {
		switch {
		case v.kind != 's':
			return mistyped("text")
		case !slices.Contains(allowed, v.text):
			return bad("want one of %q", allowed)
		}
		return nil
	}
}

func isInt(least, most int64) check {
	return func(v *value) *flaw {
		n, err := strconv.ParseInt(v.text, 10, 64)
		switch {
		case v.kind != 'i':
			return mistyped("an integer")
		case err != nil || n < least || n > most:
			return bad("want %d to %d", least, most)
		}
		return nil
	}
}

func isOneOfInts(allowed ...int64) check {
	return func(v *value) *flaw {
		switch {
		case v.kind != 'i':
			return mistyped("an integer")
		case !slices.Contains(allowed, v.integer()):
			return bad("want one of %d", allowed)
		}
		return nil
	}
}

func isBool(v *value) *flaw {
	if v.kind != 'b' {
		return mistyped("true or false")
	}
	return nil
}

func isObject(rules ...fieldRule) check {
	return func(v *value) *flaw { return v.obey(rules) }
}

func isArray(least, most int, each check) check {
	return func(v *value) *flaw {
		switch n := len(v.items); {
		case v.kind != 'a':
			return mistyped("an array")
		case n < least || n > most:
			return bad("%d entries, want %d to %d", n, least, most)
		}
		for i := range v.items {
			if f := each(&v.items[i]); f != nil {
				name := strconv.Itoa(i)
				if f.field != "" {
					name += "." + f.field
				}
				return &flaw{name, f.reason, f.kind}
			}
		}
		return nil
	}
}

// isAddress is a notify address. Douyin takes https only; a simulator stands on private networks
// and takes http too.
func isAddress(v *value) *flaw {
	if f := isText(1, 512)(v); f != nil {
		return f
	}
	u, err := url.Parse(v.text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return bad("want an absolute URL")
	}
	return nil
}

// isSchema is a page of the mini-app with its parameters.
var isSchema = isObject(fieldRule{"path", true, isPath}, fieldRule{"params", false, isJSONObject(512)})

func isPath(v *value) *flaw {
	if f := isText(1, 512)(v); f != nil {
		return f
	}
	const allowed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/"
	switch {
	case v.text[0] == '/':
		return bad("begins with /")
	case strings.ContainsFunc(v.text, func(r rune) bool { return !strings.ContainsRune(allowed, r) }):
		return bad("want letters, digits, _ and / only, and no query")
	}
	return nil
}

// isJSONObject is text of so many bytes that holds a JSON object without a name that comes twice.
func isJSONObject(most int) check {
	return func(v *value) *flaw {
		if f := isText(1, most)(v); f != nil {
			return f
		}
		inner, err := tree([]byte(v.text))
		switch {
		case err != nil:
			return bad("want text that holds a JSON object: %s", err.Error())
		case inner.kind != 'o':
			return bad("want text that holds a JSON object")
		}
		return nil
	}
}
