package configs

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Effective is one key as it counts. Value never holds a secret.
type Effective struct {
	Key   string `json:"key"`
	Value any    `json:"value"` // text, number, true or false, list or mapping; "[secret]" for what is set and secret
	From  string `json:"from"`  // "default", the file or the variables that gave it, or "program": dev and demo have set it
}

// Effective lists every key in the order of the example file.
func (c *Config) Effective() []Effective {
	keys, defaults := c.keys(), Default().keys()
	out := make([]Effective, 0, len(keys))
	for i, k := range keys {
		e := Effective{Key: k.path, Value: shown(k.value), From: c.fromOf(k)}
		if e.From == "default" && !reflect.DeepEqual(e.Value, shown(defaults[i].value)) {
			e.From = "program"
		}
		out = append(out, e)
	}
	return out
}

// fromOf names every source of a key; a group's entries may have several.
func (c *Config) fromOf(k key) string {
	var from []string
	for path, source := range c.from {
		if (path == k.path || k.group && strings.HasPrefix(path, k.path+".")) && source != "" {
			from = append(from, source)
		}
	}
	if from == nil {
		return "default"
	}
	slices.Sort(from)
	return strings.Join(slices.Compact(from), ", ")
}

// Text is the value on one line.
func (e Effective) Text() string {
	switch v := e.Value.(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return "" // it is made of texts, numbers, lists and mappings: cannot be
		}
		return string(text)
	}
}

// shown is a setting's value. Secrets mask themselves, and so do passwords within addresses.
func shown(s setting) any {
	switch v := s.(type) {
	case text[string]:
		return withoutPassword(*v.p)
	case text[Secret]:
		return v.p.String()
	case word:
		return *v.p
	case number:
		return *v.p
	case flag:
		return *v.p
	case span:
		return spanText(*v.p)
	case ratio:
		return *v.p
	case list[string]:
		return *v.p
	case list[Secret]:
		return masks(*v.p)
	case pems:
		return masks(*v.p)
	case table[string]:
		return *v.p
	case table[Secret]:
		out := map[string]string{}
		for name := range *v.p {
			out[name] = hidden
		}
		return out
	case filter:
		return valuesShown(*v.p)
	case codes:
		return *v.p
	case page:
		return map[string]any{"path": v.p.Path, "params": v.p.Params}
	case moment:
		return *v.p
	}
	return hidden // a kind of setting that is not known here may be a secret
}

func masks(all []Secret) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = hidden
	}
	return out
}

func valuesShown(all map[string]Values) map[string][]any {
	out := map[string][]any{}
	for column, values := range all {
		for _, text := range values.Texts {
			out[column] = append(out[column], text)
		}
		if values.Null {
			out[column] = append(out[column], nil)
		}
	}
	return out
}

func withoutPassword(s string) string {
	if u, err := url.Parse(s); err == nil && u.User != nil {
		return u.Redacted()
	}
	return s
}

// spanText is a duration as it is written: whole days as "90d", else without needless zeros.
func spanText(d time.Duration) string {
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
