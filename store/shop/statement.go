package shop

import (
	"errors"
	"fmt"
	"strings"
)

// sqlKey is where the configuration keeps the SELECTs.
const sqlKey = "shop.sql."

// TextError is a text of shop.sql that is no single SELECT which could stand in brackets.
type TextError struct {
	Key    string // of the configuration: shop.sql.order, shop.sql.items, shop.sql.changes
	Reason string // goes on behind the key: "holds more than one statement: ..."
}

func (e *TextError) Error() string { return e.Key + ": " + e.Reason }

// Validate looks at the texts alone. The error is a *TextError.
func (q SQL) Validate() error {
	if strings.TrimSpace(q.Order) == "" {
		return &TextError{sqlKey + "order", "is empty, and shop.sql.items and shop.sql.changes need it"}
	}
	for _, s := range []struct{ key, text string }{{"order", q.Order}, {"items", q.Items}, {"changes", q.Changes}} {
		if strings.TrimSpace(s.text) == "" {
			continue
		}
		if _, err := bare(s.text); err != nil {
			return &TextError{sqlKey + s.key, err.Error()}
		}
	}
	return nil
}

// bare is a SELECT without its comments and without a semicolon at its end, so that it may stand in
// brackets. The error says why it may not.
func bare(text string) (string, error) {
	var out strings.Builder
	first, last := "", "" // words, in capitals
	depth := 0
	ended, dot := false, false // dot: the name behind it is a column's, o.limit
	for i := 0; i < len(text); {
		token, kind, err := next(text[i:])
		if err != nil {
			return "", err
		}
		i += len(token)
		switch {
		case kind == comment:
			token = " "
		case kind == space:
		case ended:
			return "", errors.New("holds more than one statement: want one SELECT, and a semicolon at its end at most")
		case token == ";":
			ended, token = true, ""
		case token == "?":
			return "", errors.New("holds a placeholder (?), and nothing would stand for it")
		case token == "(":
			depth++
		case token == ")":
			if depth--; depth < 0 {
				return "", errors.New("closes a bracket that it has not opened")
			}
		case kind == word:
			now := strings.ToUpper(token)
			if err := forbidden(now, last, depth); err != nil && !dot {
				return "", err
			}
			if first == "" && depth == 0 {
				first = now
			}
			last = now
			if dot { // of a name that words no rule
				last = ""
			}
		}
		if kind != space && kind != comment {
			dot = token == "."
		}
		out.WriteString(token)
	}
	switch {
	case depth > 0:
		return "", errors.New("opens a bracket that it does not close")
	case first != "SELECT" && first != "WITH":
		return "", errors.New("is no SELECT: want a statement that begins with SELECT, or WITH, and has no brackets around it")
	}
	return strings.TrimSpace(out.String()), nil
}

// forbidden tells why a word may not stand behind the one before it.
func forbidden(now, before string, depth int) error {
	switch {
	case depth == 0 && now == "BY" && before == "ORDER":
		return errors.New("has an ORDER BY of its own: leave it out, ordersync orders and cuts the rows itself")
	case depth == 0 && (now == "LIMIT" || now == "FETCH"):
		return fmt.Errorf("has a %s of its own: leave it out, or the orders behind it would never be read", now)
	case now == "INTO":
		return errors.New("has an INTO: want a SELECT that only reads")
	case before == "FOR" && (now == "UPDATE" || now == "SHARE"), before == "LOCK" && now == "IN":
		return errors.New("locks the rows that it reads: leave that out, the shop's tables are only ever read")
	}
	return nil
}

// kind of a token.
type kind int

const (
	sign kind = iota
	space
	word
	quoted
	comment
)

// next is the first token of a text that is not empty.
func next(s string) (token string, k kind, err error) {
	switch c := s[0]; {
	case strings.HasPrefix(s, "/*!"), strings.HasPrefix(s, "/*M!"):
		return "", comment, errors.New("holds a comment that the server runs (/*! … */): write what it says, or leave it out")
	case strings.HasPrefix(s, "/*"):
		end := strings.Index(s[2:], "*/")
		if end < 0 {
			return "", comment, errors.New("holds a comment that does not end")
		}
		token = s[:end+4]
		if strings.HasPrefix(token, "/*+") { // a hint for the optimizer stays
			return token, space, nil
		}
		return token, comment, nil
	case c == '#', strings.HasPrefix(s, "--") && (len(s) == 2 || strings.IndexByte(" \t\r\n", s[2]) >= 0):
		if end := strings.IndexByte(s, '\n'); end >= 0 {
			return s[:end], comment, nil
		}
		return s, comment, nil
	case c == '\'' || c == '"' || c == '`':
		for i := 1; i < len(s); i++ {
			switch {
			case s[i] == '\\' && c != '`':
				i++
			case s[i] == c && i+1 < len(s) && s[i+1] == c:
				i++
			case s[i] == c:
				return s[:i+1], quoted, nil
			}
		}
		return "", quoted, fmt.Errorf("holds a quote (%c) that is not closed", c)
	case strings.IndexByte(" \t\r\n\f\v", c) >= 0:
		return s[:1], space, nil
	case letter(c):
		n := 1
		for n < len(s) && (letter(s[n]) || s[n] >= '0' && s[n] <= '9') {
			n++
		}
		return s[:n], word, nil
	}
	return s[:1], sign, nil
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c == '@' || c >= 0x80
}
