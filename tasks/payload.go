package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/hibiken/asynq"
)

// payload is what a task carries. An invalid one has no task.
type payload interface {
	ID() string
	Validate() error // a *PayloadError
}

// parse reads the payload of a task. The error is a *PayloadError.
func parse[P payload](t *asynq.Task) (p P, err error) {
	if err := decode(t.Payload(), &p); err != nil {
		var none P
		return none, err
	}
	return p, p.Validate()
}

// Moment is a time in Unix milliseconds, in a field that only tells time; 0: not known. What a
// payload has there instead of a whole number is not known either: no task is lost for it.
type Moment int64

// UnmarshalJSON never fails on what the decoder lets through.
func (m *Moment) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		n = 0
	}
	*m = Moment(n)
	return nil
}

// Time is the moment as a time; not known is 1970.
func (m Moment) Time() time.Time { return time.UnixMilli(int64(m)) }

// orFresh is a revision, or where it was left out one that no other change has.
func orFresh(revision string) string {
	if revision == "" {
		return uuid.NewString()
	}
	return revision
}

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
