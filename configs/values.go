package configs

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// check says what is wrong with a text, or nothing. A check sees secrets and so never quotes what it was given.
type check func(string) error

func (c check) run(s string) error {
	if c == nil {
		return nil
	}
	return c(s)
}

// text is a string or a Secret.
type text[T ~string] struct {
	p     *T
	check check
}

func (t text[T]) empty() bool { return *t.p == "" }

func (t text[T]) set(raw any) error {
	s, ok := raw.(string)
	if !ok {
		return fmt.Errorf("want text, found %s: put it in quotes", kind(raw))
	}
	if err := t.check.run(s); err != nil {
		return err
	}
	*t.p = T(s)
	return nil
}

// number is a whole number with bounds.
type number struct {
	p        *int
	min, max int
}

func (n number) empty() bool { return *n.p == 0 }

func (n number) set(raw any) error {
	v, ok := raw.(int)
	if s, isText := raw.(string); isText {
		parsed, err := strconv.Atoi(strings.TrimSpace(s))
		v, ok = parsed, err == nil
	}
	if !ok || v < n.min || v > n.max {
		return fmt.Errorf("want a whole number from %d to %d, found %s", n.min, n.max, show(raw))
	}
	*n.p = v
	return nil
}

// flag is true or false.
type flag struct{ p *bool }

func (f flag) empty() bool { return !*f.p }

func (f flag) set(raw any) error {
	v, ok := raw.(bool)
	if s, isText := raw.(string); isText {
		v, ok = s == "true", s == "true" || s == "false"
	}
	if !ok {
		return fmt.Errorf("want true or false, found %s", show(raw))
	}
	*f.p = v
	return nil
}

// span is a duration as time.ParseDuration reads it, or whole days: "90d".
type span struct {
	p        *time.Duration
	min, max time.Duration
}

func (d span) empty() bool { return *d.p == 0 }

func (d span) set(raw any) error {
	v, err := parseSpan(raw)
	if err != nil || v < d.min || v > d.max {
		return fmt.Errorf("want a duration such as 500ms, 10s, 24h or 90d, from %v to %v, found %s", d.min, d.max, show(raw))
	}
	*d.p = v
	return nil
}

var errNotSpan = errors.New("not a duration")

func parseSpan(raw any) (time.Duration, error) {
	if raw == 0 { // without a unit only nothing is clear
		return 0, nil
	}
	s, ok := raw.(string)
	if !ok {
		return 0, errNotSpan
	}
	if n, isDays := strings.CutSuffix(s, "d"); isDays {
		days, err := strconv.ParseUint(n, 10, 16)
		return time.Duration(days) * day, err
	}
	return time.ParseDuration(s)
}

// list is a YAML list; as one text, a JSON list, or values with commas or line ends between.
type list[T ~string] struct {
	p     *[]T
	check check
}

func (l list[T]) empty() bool { return len(*l.p) == 0 }

func (l list[T]) set(raw any) error {
	if s, isText := raw.(string); isText {
		parsed, err := splitList(s)
		if err != nil {
			return err
		}
		raw = parsed
	}
	items, ok := raw.([]any)
	if !ok {
		return fmt.Errorf("want a list, found %s", kind(raw))
	}
	out := make([]T, 0, len(items))
	for i, item := range items {
		var v T
		if err := (text[T]{&v, required(l.check)}).set(item); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
		out = append(out, v)
	}
	*l.p = out
	return nil
}

func splitList(s string) ([]any, error) {
	out := []any{}
	if s = strings.TrimSpace(s); strings.HasPrefix(s, "[") {
		if json.Unmarshal([]byte(s), &out) != nil {
			return nil, errors.New("begins like a JSON list and is none")
		}
		return out, nil
	}
	for _, item := range split(s) {
		out = append(out, item)
	}
	return out, nil
}

// split cuts at commas and line ends and leaves out what is empty.
func split(s string) []string {
	var out []string
	for _, item := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// table is a YAML mapping; as one text, a JSON object, or name=value with commas or line ends between.
type table[T ~string] struct {
	p           *map[string]T
	name, value check
}

func (t table[T]) empty() bool { return len(*t.p) == 0 }

func (t table[T]) set(raw any) error {
	entries, err := mapping(raw)
	if err != nil {
		return err
	}
	out := make(map[string]T, len(entries))
	for name, item := range entries {
		if err := t.name.run(name); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if n, isInt := item.(int); isInt {
			item = strconv.Itoa(n)
		}
		var v T
		if err := (text[T]{&v, t.value}).set(item); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		out[name] = v
	}
	*t.p = out
	return nil
}

// filter is a table from columns to the values that each may have: one, a list of them, or null.
type filter struct{ p *map[string]Values }

func (f filter) empty() bool { return len(*f.p) == 0 }

func (f filter) set(raw any) error {
	entries, err := mapping(raw)
	if err != nil {
		return err
	}
	out := make(map[string]Values, len(entries))
	for name, item := range entries {
		if err := required(columnName).run(name); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		if out[name], err = values(item); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	*f.p = out
	return nil
}

func values(raw any) (w Values, err error) {
	items, isList := raw.([]any)
	if !isList {
		items = []any{raw}
	}
	if len(items) == 0 {
		return w, errors.New("want a value, a list of them, or null, found an empty list")
	}
	for _, item := range items {
		switch v := item.(type) {
		case nil:
			w.Null = true
		case string:
			w.Texts = append(w.Texts, v)
		case json.Number:
			w.Texts = append(w.Texts, v.String())
		case int:
			w.Texts = append(w.Texts, strconv.Itoa(v))
		default:
			return w, fmt.Errorf("want text, found %s: put it in quotes", kind(item))
		}
	}
	return w, nil
}

// mapping reads the forms of a table. Whole numbers in JSON come out as int, as they do in YAML.
func mapping(raw any) (map[string]any, error) {
	switch v := raw.(type) {
	case map[string]any:
		return v, nil
	case string:
		return splitTable(v)
	}
	return nil, fmt.Errorf("want a mapping, found %s", kind(raw))
}

func splitTable(s string) (map[string]any, error) {
	s = strings.TrimSpace(s)
	out := map[string]any{}
	if strings.HasPrefix(s, "{") {
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		if d.Decode(&out) != nil || d.More() {
			return nil, errors.New("begins like a JSON object and is none")
		}
		for name, v := range out {
			if n, isNumber := v.(json.Number); isNumber {
				out[name] = n.String()
			}
		}
		return out, nil
	}
	for i, item := range split(s) {
		name, v, ok := strings.Cut(item, "=")
		if !ok {
			return nil, fmt.Errorf("entry %d: want name=value or a JSON object", i+1)
		}
		out[strings.TrimSpace(name)] = strings.TrimSpace(v)
	}
	return out, nil
}

// codes is a table from Douyin's codes to the words for what they mean.
type codes struct{ p *map[int]string }

func (c codes) empty() bool { return len(*c.p) == 0 }

func (c codes) set(raw any) error {
	var words map[string]string
	isNumber := func(name string) error {
		if _, err := strconv.Atoi(name); err != nil {
			return errors.New("want a code of Douyin's, a whole number")
		}
		return nil
	}
	if err := (table[string]{&words, isNumber, oneOf("unavailable", "throttled", "unauthorized", "rejected")}).set(raw); err != nil {
		return err
	}
	out := make(map[int]string, len(words))
	for name, word := range words {
		n, err := strconv.Atoi(name)
		if err != nil {
			return err // isNumber let it pass: cannot be
		}
		out[n] = word
	}
	*c.p = out
	return nil
}

// kind names a raw value's type in a reader's words, without its content.
func kind(raw any) string {
	switch raw.(type) {
	case string:
		return "text"
	case int, int64, uint64, float64:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	case time.Time:
		return "a date"
	}
	return "something else"
}

// show is a raw scalar's content. Only settings that are never secret use it.
func show(raw any) string {
	switch v := raw.(type) {
	case string:
		return strconv.Quote(v)
	case int, int64, uint64, float64, bool:
		return fmt.Sprint(v)
	}
	return kind(raw)
}
