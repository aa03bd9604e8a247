package assembly

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
