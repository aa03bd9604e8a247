package configs

import (
	"fmt"
	"io"
	"log/slog"
)

const hidden = "[secret]"

// Secret is a text that cannot print itself: fmt with any verb, JSON, YAML, text encodings, zerolog and slog show "[secret]", or
// nothing when it is empty, so that "is it set?" can be seen. Two holes are fmt's: it cannot call methods on unexported struct
// fields (hold secrets in exported ones), and it asks nobody for %p (go vet refuses that for a string).
type Secret string

// Reveal is the text itself. Hand it to the one who needs it and to nobody else.
func (s Secret) Reveal() string { return string(s) }

// String is "[secret]", or "" when there is none.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString keeps %#v from printing the text.
func (s Secret) GoString() string { return fmt.Sprintf("configs.Secret(%q)", s.String()) }

// Format answers every verb itself: fmt's complaint about a verb that does not fit a string (%d) would print the text.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	switch {
	case verb == 'v' && f.Flag('#'):
		text = s.GoString()
	case verb == 'q':
		text = `"` + text + `"`
	}
	_, _ = io.WriteString(f, text)
}

// MarshalText serves encoding/json, encoding/xml and zerolog's Interface.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML serves yaml.v3, which does not ask MarshalText of a string.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue serves log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
