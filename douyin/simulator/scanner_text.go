package simulator

import (
	"unicode/utf16"
	"unicode/utf8"
)

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

// unescape reads what follows \u, with the second half of a surrogate pair, and tells how many
// bytes that were.
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
