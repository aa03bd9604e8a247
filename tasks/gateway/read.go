package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/ordersync/ordersync/tasks/cut"
)

// read fills into from a JSON body of at most 64 KiB. Unknown and doubled fields are refused by
// name. Without needed, an empty body leaves into as it is.
func read(w http.ResponseWriter, r *http.Request, needed bool, into any) error {
	data, err := readJSON(w, r, needed)
	if err != nil || data == nil {
		return err
	}
	return decode(data, into)
}

// readJSON is the body, as far as it can be looked at without reading it. nil: it is empty, and need
// not be there.
func readJSON(w http.ResponseWriter, r *http.Request, needed bool) ([]byte, error) {
	data, err := readAll(w, r)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		if !needed {
			return nil, nil
		}
		return nil, malformed("", "the body is empty: want a JSON object")
	}
	if err := checkType(r); err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, malformed("", "the body is not valid UTF-8")
	}
	return data, nil
}

func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &Problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body has more than %d bytes", maxBody)}
	case err != nil:
		return nil, &Problem{Status: http.StatusBadRequest, Detail: "the body did not arrive", cause: err}
	}
	return data, nil
}

func checkType(r *http.Request) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &Problem{Status: http.StatusUnsupportedMediaType, Detail: "want Content-Type: application/json"}
	}
	return nil
}

// decode reads exactly one JSON object.
func decode(data []byte, into any) error {
	if field, err := doubled(data); err != nil {
		return malformed(field, err.Error())
	}
	if data = bytes.TrimSpace(data); data[0] != '{' {
		return malformed("", "want a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		return malformed(wrongType.Field, "want "+jsonWord(wrongType.Type.Kind())+", found "+cut.Clean(wrongType.Value, 40))
	}
	// encoding/json has no type for this error; a test holds its words.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return malformed(strings.Trim(name, `"`), "is not a field of this call")
	}
	return malformed("", cut.Clean(err.Error(), 200))
}

func malformed(field, detail string) *Problem {
	return &Problem{Status: http.StatusBadRequest, Field: cut.Clean(field, 100), Detail: detail}
}
