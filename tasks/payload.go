package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// decode reads exactly one JSON object. Unknown fields pass: during a deploy a newer producer may
// talk to an older worker, and a task that cannot be read is archived. The error is a *PayloadError
// that names the field where the decoder knows it.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(into); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) && wrongType.Field != "" {
			return &PayloadError{wrongType.Field, "want " + wrongType.Type.String() + ", found " + quoted(wrongType.Value)}
		}
		return &PayloadError{"payload", err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &PayloadError{"payload", "has something after the JSON object"}
	}
	return nil
}

// encode makes a payload. It leaves <, > and & as they are: an operator reads payloads in asynqmon.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("tasks: encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
