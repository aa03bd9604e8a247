package assembly

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/ordersync/ordersync/configs"
)

func TestLinesAreJSONWhereNobodyWatches(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	log := NewLogger(configs.Log{Level: "info", Format: "auto"}, file)
	log.Debug().Msg("too fine")
	log.Info().Str("order", "7").Msg("pushed")
	data, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	var line struct {
		Level, Message, Order string
		Time                  time.Time
	}
	if err := json.Unmarshal(data, &line); err != nil {
		t.Fatalf("want one JSON line, found %q: %v", data, err)
	}
	if line.Level != "info" || line.Message != "pushed" || line.Order != "7" || time.Since(line.Time) > time.Minute {
		t.Errorf("line = %+v", line)
	}
}

func TestConsoleLinesHaveNoColourInAPipe(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(configs.Log{Level: "info", Format: "console"}, &out)
	log.Info().Msg("pushed")
	if got := out.String(); !strings.Contains(got, "INF pushed") || strings.Contains(got, "\x1b") {
		t.Errorf("line = %q", got)
	}
}

// What a shop or Douyin wrote may stand in an error, and lines are read on terminals.
func TestLinesTellATerminalNothing(t *testing.T) {
	const evil = "1\x1b[31mX\n\u009b2J\u202e\u2028\x7f"
	for _, format := range []string{"console", "json"} {
		var out bytes.Buffer
		log := NewLogger(configs.Log{Level: "info", Format: format}, &out)
		log.Info().Err(errors.New(evil)).Str("status", evil).Msg("waits: " + evil)
		if i := strings.IndexFunc(strings.TrimSuffix(out.String(), "\n"), func(r rune) bool {
			return unicode.IsControl(r) || r == '\u2028' || r == '\u202e'
		}); i >= 0 {
			t.Errorf("%s: %q", format, out.String())
		}
		var line struct{ Message, Error, Status string }
		if format == "json" && (json.Unmarshal(out.Bytes(), &line) != nil || line.Message != "waits: "+evil || line.Error != evil || line.Status != evil) {
			t.Errorf("%+v of %q", line, out.String())
		}
	}
}
