package douyin

import (
	"crypto/md5" // Douyin's algorithm, not ours
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ordersync/ordersync/tasks/cut"
)

// SaltPlaceholder stands for the salt in SignedList.
const SaltPlaceholder = "<SALT>"

// ErrNoSalt: a signature without a salt proves nothing and Douyin refuses it.
var ErrNoSalt = errors.New("douyin: the payment salt is missing")

// unsigned are the parameters that do not take part (open-pay-signature-go-demo, utils/sign.go).
var unsigned = map[string]bool{"app_id": true, "thirdparty_id": true, "sign": true, "other_settle_params": true}

// Sign makes the sign of a guaranteed payment request as Douyin's own demo does: the values (not
// the keys) of the top-level parameters, trimmed, one pair of outer quotes cut and trimmed again,
// without what is empty or the text null, together with the salt in bytewise order, joined by &,
// MD5 in lower-case hex.
//
// Values may be text, bool, any integer and json.Number (integers only). Anything else is refused
// with a *FieldError that names the key: a float prints as 1e+06, a nil as <nil>, and Douyin signs
// neither so. Nested values go as JSON text, which is signed as it stands. The number 0 is signed;
// a missing parameter is not the same as 0.
//
// Send exactly what was signed: Douyin trims what it receives by rules of another language (U+3000
// differs). The calls of Client see to that themselves.
func Sign(params map[string]any, salt string) (string, error) {
	members, err := signed(params, salt)
	if err != nil {
		return "", err
	}
	sum := md5.Sum([]byte(strings.Join(members, "&"))) // Douyin's algorithm
	return hex.EncodeToString(sum[:]), nil
}

// SignedList is what Sign joins, in its order, for showing it to a person: SaltPlaceholder stands
// where the salt stood, and wherever else the salt would be seen.
func SignedList(params map[string]any, salt string) ([]string, error) {
	members, err := signed(params, salt)
	if err != nil {
		return nil, err
	}
	for i, m := range members {
		members[i] = strings.ReplaceAll(m, salt, SaltPlaceholder)
	}
	return members, nil
}

// signed is the sorted list of members, the salt among them.
func signed(params map[string]any, salt string) ([]string, error) {
	if salt == "" {
		return nil, ErrNoSalt
	}
	members := make([]string, 0, len(params)+1)
	for _, key := range slices.Sorted(maps.Keys(params)) { // sorted, so that of two faults always the same is named
		if unsigned[key] {
			continue
		}
		value, err := valueText(params[key])
		if err != nil {
			return nil, &FieldError{key, err.Error()}
		}
		value = strings.TrimSpace(value)
		if inner, ok := unquote(value); ok {
			value = strings.TrimSpace(inner)
		}
		if value != "" && value != "null" {
			members = append(members, value)
		}
	}
	members = append(members, salt)
	slices.Sort(members)
	return members, nil
}

// unquote cuts one pair of outer quotes.
func unquote(text string) (string, bool) {
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1], true
	}
	return text, false
}

// normal is text as it may be both signed and sent: a server that trims and cuts quotes in whatever
// language finds nothing left to trim or cut. What it would not sign (empty, null) becomes empty.
func normal(text string) string {
	for again := true; again; {
		text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) })
		text, again = unquote(text)
	}
	if text == "null" {
		return ""
	}
	return text
}

// valueText is a value as Douyin prints it.
func valueText(v any) (string, error) {
	if n, ok := v.(json.Number); ok {
		return integerText(n.String())
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		if !utf8.ValidString(r.String()) {
			return "", errors.New("is not valid UTF-8")
		}
		return r.String(), nil
	case reflect.Bool:
		return strconv.FormatBool(r.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(r.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(r.Uint(), 10), nil
	case reflect.Invalid:
		return "", errors.New("is nil: leave the parameter out")
	case reflect.Float32, reflect.Float64:
		return "", errors.New("is a float: amounts are integers of fen (decode JSON with UseNumber)")
	case reflect.Map, reflect.Slice, reflect.Array, reflect.Struct, reflect.Pointer, reflect.Interface:
		return "", fmt.Errorf("is a %T: send nested values as JSON text", v)
	default:
		return "", fmt.Errorf("is a %T, which cannot be signed", v)
	}
}

// integerText lets only integers in their one JSON form pass: 1e6 and 1.0 would be signed as they
// stand and read otherwise.
func integerText(n string) (string, error) {
	digits := strings.TrimPrefix(n, "-")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || (len(digits) > 1 && digits[0] == '0') {
		return "", fmt.Errorf("is the number %s, which is no plain integer", cut.To(n, 40))
	}
	return n, nil
}
