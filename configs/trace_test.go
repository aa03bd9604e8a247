package configs

import (
	"fmt"
	"strings"
	"testing"
)

func TestTracesAreOffUnlessSomebodyNamesACollector(t *testing.T) {
	const ours = "trace: {endpoint: 'http://collector:4318'}"
	for name, c := range map[string]struct {
		yaml    string
		environ []string
		want    bool
	}{
		"nothing":                              {"", nil, false},
		"a ratio alone":                        {"trace: {sample_ratio: 1}", nil, false},
		"headers alone":                        {"trace: {headers: {a: b}}", []string{"OTEL_EXPORTER_OTLP_HEADERS=a=b"}, false},
		"our key":                              {ours, nil, true},
		"our variable":                         {"", []string{"ORDERSYNC_TRACE__ENDPOINT=https://collector.example.com/otlp"}, true},
		"the standard's variable":              {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"}, true},
		"the standard's variable for traces":   {"", []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4318/v1/traces"}, true},
		"a variable that is empty":             {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT= "}, false},
		"a variable of another signal":         {"", []string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://collector:4318"}, false},
		"another exporter than ours":           {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_TRACES_EXPORTER=none"}, false},
		"another exporter, but our key":        {ours, []string{"OTEL_TRACES_EXPORTER=none"}, true},
		"the switch of the standard":           {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_SDK_DISABLED=true"}, false},
		"the switch of the standard, our key":  {ours, []string{"OTEL_SDK_DISABLED=TRUE"}, false},
		"the switch that does not say true":    {ours, []string{"OTEL_SDK_DISABLED=1"}, true},
		"the last of two variables counts":     {"", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=", "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"}, true},
		"an empty key leaves it to a variable": {"trace: {endpoint: ''}", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mustLoad(t, c.yaml, c.environ...).Trace.On(); got != c.want {
				t.Errorf("On() = %v, want %v", got, c.want)
			}
		})
	}
}

func TestOurRatioWinsOverTheStandardsSampler(t *testing.T) {
	const theirs = "OTEL_TRACES_SAMPLER=always_off"
	for name, c := range map[string]struct {
		yaml    string
		environ []string
		sampler bool
		ratio   float64
	}{
		"nothing":         {"", nil, false, 1},
		"theirs":          {"", []string{theirs}, true, 1},
		"ours":            {"trace: {sample_ratio: 0.25}", nil, false, 0.25},
		"both":            {"trace: {sample_ratio: 0.25}", []string{theirs}, false, 0.25},
		"ours by text":    {"", []string{"ORDERSYNC_TRACE__SAMPLE_RATIO=1e-3", theirs}, false, 0.001},
		"ours as integer": {"trace: {sample_ratio: 0}", nil, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustLoad(t, c.yaml, c.environ...).Trace
			if got.Sampler != c.sampler || got.SampleRatio != c.ratio {
				t.Errorf("Sampler %v, SampleRatio %v; want %v, %v", got.Sampler, got.SampleRatio, c.sampler, c.ratio)
			}
		})
	}
}

// The address of a collector and its headers may hold tokens, so neither a problem nor the config shows them.
func TestBadTraceKeysAreNamedAndNotShown(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"trace: {endpoint: 'collector-canary:4318'}", "trace.endpoint (FILE): want an address that begins with https:// or http://"},
		{"trace: {endpoint: 'https://u:canary@c.example.com'}", "trace.endpoint (FILE): want an address without user, query and fragment"},
		{"trace: {endpoint: 'https://c.example.com/?token=canary'}", "trace.endpoint (FILE): want an address without user, query and fragment"},
		{"trace: {headers: {'a b': canary}}", "trace.headers (FILE): \"a b\": want the name of an HTTP header"},
		{"trace: {headers: {a: \"canary\\ncanary\"}}", "trace.headers (FILE): \"a\": want the value of an HTTP header"},
		{"trace: {headers: {a: ''}}", "trace.headers (FILE): \"a\": want the value of an HTTP header"},
		{"trace: {sample_ratio: 1.1}", "trace.sample_ratio (FILE): want a number from 0 to 1, found 1.1"},
		{"trace: {sample_ratio: -1}", "trace.sample_ratio (FILE): want a number from 0 to 1, found -1"},
		{"trace: {sample_ratio: .nan}", "trace.sample_ratio (FILE): want a number from 0 to 1, found NaN"},
		{"trace: {sample_ratio: half}", `trace.sample_ratio (FILE): want a number from 0 to 1, found "half"`},
	} {
		path := file(t, c.yaml)
		_, err := Load(path, nil)
		if err == nil {
			t.Errorf("%s: taken", c.yaml)
			continue
		}
		got := strings.ReplaceAll(err.Error(), path, "FILE")
		if !strings.Contains(got, c.want) || strings.Contains(got, "canary") {
			t.Errorf("%s:\n got %s\nwant %s", c.yaml, got, c.want)
		}
	}
	cfg := mustLoad(t, "trace: {endpoint: 'https://c.example.com/adapt_canary', headers: {authorization: canary}}")
	if cfg.Trace.Headers["authorization"].Reveal() != "canary" || cfg.Trace.Endpoint.Reveal() != "https://c.example.com/adapt_canary" {
		t.Error("the values did not arrive")
	}
	if shown := fmt.Sprintf("%+v %#v", cfg.Trace, cfg.Trace); strings.Contains(shown, "canary") {
		t.Errorf("printed: %s", shown)
	}
}
