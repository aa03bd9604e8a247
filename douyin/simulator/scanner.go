package simulator

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON once, from left to right, and allocates nothing of its own. The caller says at each place what it
// expects there. The bytes must be valid UTF-8 before it starts.
type scanner struct {
	data []byte
	pos  int
	// text holds strings that had escapes. It only grows, so what was handed out stays readable until it is truncated.
	text []byte
}

var (
	errSyntax    = errors.New("malformed JSON")
	errTrailing  = errors.New("something follows the JSON value")
	errSurrogate = errors.New(`half a surrogate pair in a \u escape`)
	errControl   = errors.New("a control character inside a string")
	errRange     = errors.New("the number does not fit 64 bits")
)

// wantError is a value of another JSON type than the place asks for.
type wantError struct{ want, got string }

func (e *wantError) Error() string { return fmt.Sprintf("want %s, got %s", e.want, e.got) }

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.pos >= len(s.data) {
		return false
	}
	s.pos++
	return true
}

// unexpected is the error for a value that is not what was wanted: by its type when it is a value at all.
func (s *scanner) unexpected(want string) error {
	got := ""
	switch c := s.peek(); {
	case c == '"':
		got = "text"
	case c == '{':
		got = "an object"
	case c == '[':
		got = "an array"
	case c == 't' || c == 'f':
		got = "a boolean"
	case c == 'n':
		got = "null"
	case c == '-' || '0' <= c && c <= '9':
		got = "a number"
	default:
		return errSyntax
	}
	return &wantError{want: want, got: got}
}

// end checks that nothing but space is left.
func (s *scanner) end() error {
	s.space()
	if s.pos != len(s.data) {
		return errTrailing
	}
	return nil
}

// object calls field for each member, standing before its value; field must read the value.
func (s *scanner) object(field func(key []byte) error) error {
	s.space()
	if !s.take('{') {
		return s.unexpected("an object")
	}
	s.space()
	if s.take('}') {
		return nil
	}
	for {
		s.space()
		if s.peek() != '"' {
			return errSyntax
		}
		key, err := s.str()
		if err != nil {
			return err
		}
		s.space()
		if !s.take(':') {
			return errSyntax
		}
		s.space()
		if err := field(key); err != nil {
			return err
		}
		s.space()
		if s.take(',') {
			continue
		}
		if s.take('}') {
			return nil
		}
		return errSyntax
	}
}

// array calls element for each element, standing before it; element must read the value.
func (s *scanner) array(element func(i int) error) error {
	if !s.take('[') {
		return s.unexpected("an array")
	}
	s.space()
	if s.take(']') {
		return nil
	}
	for i := 0; ; i++ {
		s.space()
		if err := element(i); err != nil {
			return err
		}
		s.space()
		if s.take(',') {
			continue
		}
		if s.take(']') {
			return nil
		}
		return errSyntax
	}
}

// str reads a string. The slice is part of data, or of text when there were escapes.
func (s *scanner) str() ([]byte, error) {
	if !s.take('"') {
		return nil, s.unexpected("text")
	}
	start := s.pos
	for i := start; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return s.data[start:i:i], nil
		case c == '\\':
			return s.escaped(start, i)
		case c < ' ':
			return nil, errControl
		}
	}
	return nil, errSyntax
}

// escaped goes on where str met its first backslash at i.
func (s *scanner) escaped(start, i int) ([]byte, error) {
	from := len(s.text)
	s.text = append(s.text, s.data[start:i]...)
	for i < len(s.data) {
		run := i
		for i < len(s.data) && s.data[i] != '"' && s.data[i] != '\\' && s.data[i] >= ' ' {
			i++
		}
		s.text = append(s.text, s.data[run:i]...)
		if i+1 >= len(s.data) && (i >= len(s.data) || s.data[i] != '"') {
			return nil, errSyntax
		}
		switch s.data[i] {
		case '"':
			s.pos = i + 1
			return s.text[from:len(s.text):len(s.text)], nil
		case '\\':
		default:
			return nil, errControl
		}
		i++
		switch c := s.data[i]; c {
		case '"', '\\', '/':
			s.text = append(s.text, c)
		case 'b':
			s.text = append(s.text, '\b')
		case 'f':
			s.text = append(s.text, '\f')
		case 'n':
			s.text = append(s.text, '\n')
		case 'r':
			s.text = append(s.text, '\r')
		case 't':
			s.text = append(s.text, '\t')
		case 'u':
			r, n, err := unescape(s.data[i+1:])
			if err != nil {
				return nil, err
			}
			s.text = utf8.AppendRune(s.text, r)
			i += n
		default:
			return nil, errSyntax
		}
		i++
	}
	return nil, errSyntax
}

// unescape reads what follows \u, with the second half of a surrogate pair, and tells how many bytes that were.
func unescape(b []byte) (r rune, n int, err error) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0, errSyntax
	}
	if !utf16.IsSurrogate(r) {
		return r, 4, nil
	}
	if len(b) < 10 || b[4] != '\\' || b[5] != 'u' {
		return 0, 0, errSurrogate
	}
	low, ok := hex4(b[6:])
	if !ok {
		return 0, 0, errSyntax
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0, errSurrogate
	}
	return r, 10, nil
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		r <<= 4
		switch {
		case '0' <= c && c <= '9':
			r |= rune(c - '0')
		case 'a' <= c && c <= 'f':
			r |= rune(c-'a') + 10
		case 'A' <= c && c <= 'F':
			r |= rune(c-'A') + 10
		default:
			return 0, false
		}
	}
	return r, true
}

// integer reads a JSON number without fraction and exponent.
func (s *scanner) integer() (int64, error) {
	at := s.pos
	negative := s.take('-')
	first := s.pos
	var u uint64
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		if s.pos-first >= 19 {
			return 0, errRange
		}
		u = u*10 + uint64(s.data[s.pos]-'0')
		s.pos++
	}
	switch digits := s.pos - first; {
	case digits == 0:
		s.pos = at
		if negative {
			return 0, errSyntax
		}
		return 0, s.unexpected("an integer")
	case digits > 1 && s.data[first] == '0':
		return 0, errSyntax
	}
	switch s.peek() {
	case '.', 'e', 'E':
		return 0, &wantError{want: "an integer", got: "a number with fraction or exponent"}
	}
	if u > math.MaxInt64 {
		return 0, errRange
	}
	if negative {
		return -int64(u), nil
	}
	return int64(u), nil
}

// boolean reads true or false.
func (s *scanner) boolean() (bool, error) {
	rest := s.data[s.pos:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		s.pos += 4
		return true, nil
	case len(rest) >= 5 && string(rest[:5]) == "false":
		s.pos += 5
		return false, nil
	}
	return false, s.unexpected("a boolean")
}
