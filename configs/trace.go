package configs

import (
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// readStandard reads those of OpenTelemetry's own variables that decide whether anything is traced (OpenTelemetry specification,
// "Environment Variable Specification" and "OpenTelemetry Protocol Exporter"). A key of ours wins over its OTEL_ variable: it was said
// to ordersync, and the variable perhaps to the whole machine. OTEL_SDK_DISABLED wins over all: it is the switch for an emergency.
func (l *loader) readStandard(environ []string) {
	env := func(name string) string {
		for _, e := range slices.Backward(environ) {
			if value, ok := strings.CutPrefix(e, name+"="); ok {
				return strings.TrimSpace(value)
			}
		}
		return ""
	}
	t := &l.cfg.Trace
	t.Disabled = strings.EqualFold(env("OTEL_SDK_DISABLED"), "true")
	exporter := env("OTEL_TRACES_EXPORTER") // otlp is what an empty one means
	t.Collector = (env("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "") && (exporter == "" || exporter == "otlp")
	t.Sampler = env("OTEL_TRACES_SAMPLER") != "" && l.from["trace.sample_ratio"] == ""
}

// collectorURL lets an empty text pass. It shows nothing of the address.
func collectorURL(s string) error {
	if err := webURL(s); err != nil {
		return err
	}
	if u, err := url.Parse(s); err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("want an address without user, query and fragment; credentials go into trace.headers")
	}
	return nil
}

func headerName(s string) error {
	if textproto.TrimString(s) != s || !httpguts.ValidHeaderFieldName(s) {
		return errors.New("want the name of an HTTP header")
	}
	return nil
}

func headerValue(s string) error {
	if s == "" || !httpguts.ValidHeaderFieldValue(s) {
		return errors.New("want the value of an HTTP header")
	}
	return nil
}

// ratio is a number from 0 to 1.
type ratio struct{ p *float64 }

func (r ratio) empty() bool { return *r.p == 0 }

func (r ratio) set(raw any) error {
	var v float64
	ok := true
	switch n := raw.(type) {
	case float64:
		v = n
	case int:
		v = float64(n)
	case string:
		parsed, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		v, ok = parsed, err == nil
	default:
		ok = false
	}
	if !ok || !(v >= 0 && v <= 1) { // NaN is in no order
		return fmt.Errorf("want a number from 0 to 1, found %s", show(raw))
	}
	*r.p = v
	return nil
}
