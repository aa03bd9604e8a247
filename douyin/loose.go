package douyin

import (
	"encoding/json"
	"errors"
	"strconv"
)

// loose is a field that Douyin sends as text in one version and as a number in another: the text
// itself, or the number's literal digits. Missing and null are empty.
type loose string

var errNested = errors.New("neither text nor number")

func (l *loose) UnmarshalJSON(raw []byte) error {
	switch c := raw[0]; {
	case c == '"':
		return json.Unmarshal(raw, (*string)(l))
	case string(raw) == "null":
		*l = ""
	case c == '-' || (c >= '0' && c <= '9'):
		*l = loose(raw)
	default:
		return errNested
	}
	return nil
}

// reader turns loose fields into integers and remembers the first that is none.
type reader struct{ field string }

func (r *reader) fault(field string) {
	if r.field == "" {
		r.field = field
	}
}

// number reads an integer; a missing one is 0.
func (r *reader) number(field string, l loose) int64 {
	if l == "" {
		return 0
	}
	n, err := strconv.ParseInt(string(l), 10, 64)
	if err != nil {
		r.fault(field)
	}
	return n
}

// fen reads an amount, which must be there and must not be negative.
func (r *reader) fen(field string, l loose) int64 {
	n := r.number(field, l)
	if l == "" || n < 0 {
		r.fault(field)
	}
	return n
}
