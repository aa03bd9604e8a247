package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/ordersync/ordersync/tasks/cut"
)

// maxDepth bounds nesting; our deepest body has four levels.
const maxDepth = 16

var (
	errDoubled = errors.New("is there twice")
	errDeep    = errors.New("is nested too deeply")
)

// doubled walks one JSON value and returns the path of the first field that an object holds twice
// (encoding/json would silently take the last; and it takes "Amount_Fen" for "amount_fen", so case
// does not tell two fields apart here either). It also finds bad syntax and a second value behind
// the first.
func doubled(data []byte) (field string, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if field, err = walk(d, "", 0); err != nil {
		return field, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("something follows the JSON value")
	}
	return "", nil
}

func walk(d *json.Decoder, path string, depth int) (string, error) {
	token, err := d.Token()
	if err != nil {
		return "", notJSON(err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return "", nil
	}
	if depth >= maxDepth {
		return path, errDeep
	}
	names := map[string]bool{}
	for i := 0; d.More(); i++ {
		at := fmt.Sprintf("%s[%d]", path, i)
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return "", notJSON(err)
			}
			text, _ := name.(string) // the decoder lets only strings stand here
			at = strings.TrimPrefix(path+"."+text, ".")
			if names[strings.ToLower(text)] {
				return at, errDoubled
			}
			names[strings.ToLower(text)] = true
		}
		if field, err := walk(d, at, depth+1); err != nil {
			return field, err
		}
	}
	if _, err := d.Token(); err != nil {
		return "", notJSON(err)
	}
	return "", nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends too early")
	}
	return errors.New("not JSON: " + cut.Clean(err.Error(), 200))
}

var jsonWords = map[reflect.Kind]string{
	reflect.String: "a string", reflect.Int: "an integer", reflect.Int64: "an integer", reflect.Bool: "true or false",
	reflect.Slice: "a list", reflect.Struct: "an object",
}

// jsonWord names a Go type as a writer of JSON would.
func jsonWord(k reflect.Kind) string {
	if word, ok := jsonWords[k]; ok {
		return word
	}
	return k.String()
}
