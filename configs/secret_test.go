package configs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"gopkg.in/yaml.v3"
)

const canary = "hunter2-canary"

func TestSecretNeverPrints(t *testing.T) {
	type holder struct {
		Plain Secret
		List  []Secret
		Map   map[string]Secret
		Ptr   *Secret
	}
	s := Secret(canary)
	h := holder{s, []Secret{s}, map[string]Secret{"a": s}, &s}
	printed := map[string]string{}
	// %p is not here: fmt asks nobody for it, and go vet refuses it for a string.
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "+q", "x", "X", "# x", "d", "t", "T", "U", "08.3f"} {
		printed["%"+verb] = fmt.Sprintf("%"+verb, s)
		printed["struct %"+verb] = fmt.Sprintf("%"+verb, h)
	}
	printed["extra argument"] = fmt.Sprintf(strings.Clone("text"), s) // vet would find a constant format
	printed["Sprint"] = fmt.Sprint(s, h)
	printed["error"] = fmt.Errorf("failed: %v %s", s, h.List).Error()
	for name, marshal := range map[string]func(any) ([]byte, error){"json": json.Marshal, "yaml": yaml.Marshal} {
		out, err := marshal(h)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		printed[name] = string(out)
	}
	out, err := xml.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	printed["xml"] = string(out)
	var log bytes.Buffer
	z := zerolog.New(&log)
	z.Info().Interface("a", h).Stringer("b", s).Any("c", s).Msgf("%v %+v", s, h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", s, "b", h)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", s, "b", h)
	printed["loggers"] = log.String()

	hexed := fmt.Sprintf("%x", canary)
	for how, text := range printed {
		if low := strings.ToLower(text); strings.Contains(low, canary) || strings.Contains(strings.ReplaceAll(low, " ", ""), hexed) {
			t.Errorf("%s printed the secret: %s", how, text)
		}
	}
	if !strings.Contains(printed["json"], hidden) {
		t.Errorf("JSON shows %s, want %s in place of the secret", printed["json"], hidden)
	}
	if s.Reveal() != canary {
		t.Errorf("Reveal() = %q", s.Reveal())
	}
}

func TestEmptySecretIsSeenToBeEmpty(t *testing.T) {
	for verb, want := range map[string]string{"%v": "", "%s": "", "%q": `""`, "%#v": `configs.Secret("")`} {
		if got := fmt.Sprintf(verb, Secret("")); got != want {
			t.Errorf("%s of an empty secret = %q, want %q", verb, got, want)
		}
	}
}

// A Config is what somebody prints while looking for a fault.
func TestConfigNeverPrintsItsSecrets(t *testing.T) {
	c, err := Load("", []string{
		"ORDERSYNC_MYSQL__DSN=u:" + canary + "@tcp(h:3306)/shop", "ORDERSYNC_REDIS__URI=redis://:" + canary + "@h:6379",
		"ORDERSYNC_DOUYIN__SALT=" + canary, "ORDERSYNC_GATEWAY__TOKENS=" + canary + "-0123456789", "ORDERSYNC_ADMIN__USERS=a=viewer:$2y$" + canary,
	})
	if err != nil {
		t.Fatal(err)
	}
	js, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v", c), fmt.Sprintf("%+v", *c), fmt.Sprintf("%#v", *c), string(js)} {
		if strings.Contains(text, canary) {
			t.Errorf("a secret in %s", text)
		}
	}
}
