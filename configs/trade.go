package configs

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// word is a text that may look like a number.
type word struct {
	p     *string
	check check
}

func (w word) empty() bool { return *w.p == "" }

func (w word) set(raw any) error {
	if n, isInt := raw.(int); isInt {
		raw = strconv.Itoa(n)
	}
	return text[string](w).set(raw)
}

// pems are keys in PEM: a YAML list, or one text with a block for each.
type pems struct{ p *[]Secret }

func (p pems) empty() bool { return len(*p.p) == 0 }

var pemEnd = regexp.MustCompile(`-----END [A-Z ]+-----`)

func (p pems) set(raw any) error {
	if s, isText := raw.(string); isText && !strings.HasPrefix(strings.TrimSpace(s), "[") { // else a JSON list
		blocks := []any{}
		for _, end := range pemEnd.FindAllStringIndex(s, -1) {
			done := len(strings.Join(texts(blocks), ""))
			blocks = append(blocks, s[done:end[1]])
		}
		if len(blocks) == 0 && strings.TrimSpace(s) != "" {
			return errors.New("want keys in PEM, -----BEGIN PUBLIC KEY-----")
		}
		raw = blocks
	}
	return list[Secret]{p: p.p}.set(raw)
}

func texts(all []any) []string {
	out := make([]string, 0, len(all))
	for _, one := range all {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// page is a mapping of path and params; params is a mapping, or the JSON text of one.
type page struct {
	p     *Page
	holds []string // the placeholders that the values of params may have
}

func (p page) empty() bool { return p.p.Path == "" && len(p.p.Params) == 0 }

var pageName = regexp.MustCompile(`^[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*$`)

// pagePath: no leading /, no query, letters, digits, _ and / (TRADE-ORDER in package douyin/trade).
func pagePath(s string) error {
	return optional(s, func(s string) error {
		if len(s) > 512 || !pageName.MatchString(s) {
			return fmt.Errorf("want a page of the mini-app such as pages/order/detail, without a leading / and without ?, found %q", s)
		}
		return nil
	})
}

func (p page) set(raw any) error {
	entries, err := mapping(raw)
	if err != nil {
		return err
	}
	var out Page
	for name, value := range entries {
		switch name {
		case "path":
			err = text[string]{&out.Path, pagePath}.set(value)
		case "params":
			if s, isText := value.(string); isText && strings.TrimSpace(s) == "" {
				continue
			}
			err = table[string]{p: &out.Params, value: p.placeholders}.set(value)
		default:
			err = errors.New("want path and params only")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if encoded, err := json.Marshal(out.Params); err != nil || len(encoded) > 512 {
		return errors.New("params: want at most 512 bytes of JSON")
	}
	if out.Path == "" && len(out.Params) > 0 {
		return errors.New("path: is missing")
	}
	*p.p = out
	return nil
}

func (p page) placeholders(s string) error {
	for _, found := range placeholder.FindAllString(s, -1) {
		if !slices.Contains(p.holds, found) {
			return fmt.Errorf("want %s, found %q", strings.Join(p.holds, ", "), found)
		}
	}
	return nil
}

// moment is a point in time. Where it has no zone it is in loc of mysql.dsn.
type moment struct{ p *string }

func (m moment) empty() bool { return *m.p == "" }

const dateOnly = "2006-01-02"

func (m moment) set(raw any) error {
	if at, isTime := raw.(time.Time); isTime { // YAML without quotes; UTC there may be none at all
		s := at.Format(time.RFC3339)
		if day, midnight := strings.CutSuffix(s, "T00:00:00Z"); midnight {
			s = day
		}
		raw = s
	}
	s, isText := raw.(string)
	if _, err := parseMoment(s, time.UTC); !isText || err != nil {
		return fmt.Errorf("want a time such as \"2026-10-01T00:00:00+08:00\", or a date, found %s", show(raw))
	}
	*m.p = s
	return nil
}

// parseMoment is zero for an empty text.
func parseMoment(s string, loc *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation(time.DateTime, s, loc); err == nil {
		return at, nil
	}
	return time.ParseInLocation(dateOnly, s, loc)
}
