package simulator

import (
	"errors"
	"fmt"
	"math"
)

// scanner reads JSON once, from left to right, and allocates nothing of its own. The caller says at
// each place what it expects there. The bytes must be valid UTF-8 before it starts.
type scanner struct {
	data []byte
	pos  int
	// text holds strings that had escapes. It only grows, so what was handed out stays readable
	// until it is truncated.
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

// unexpected is the error for a value that is not what was wanted: by its type when it is a value
// at all.
func (s *scanner) unexpected(want string) error {
	var got string
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
