package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// decodeStrict reads one JSON object, unknown fields refused. The error is a *PayloadError that names the field where the
// decoder knows it.
func decodeStrict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) && wrongType.Field != "" {
			return &PayloadError{wrongType.Field, "want " + wrongType.Type.String() + ", found " + wrongType.Value}
		}
		return &PayloadError{"payload", err.Error()}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &PayloadError{"payload", "has something after the JSON object"}
	}
	return nil
}
