package assembly

import (
	"context"

	"github.com/ordersync/ordersync/cmd/internal/traces"
)

// tracing makes spans where trace.endpoint or OpenTelemetry's own variables name a collector, and
// is nil elsewhere. It never keeps a process from starting: what cannot be traced runs without.
func (a *Assembly) tracing() *traces.Traces {
	t, _ := a.traces.get(func() (*traces.Traces, error) { // its error is told below
		cfg := a.cfg.Trace
		if !cfg.On() {
			return nil, nil
		}
		headers := make(map[string]string, len(cfg.Headers))
		for name, value := range cfg.Headers {
			headers[name] = value.Reveal()
		}
		t, err := traces.New(traces.Config{
			Endpoint: cfg.Endpoint.Reveal(), Headers: headers, SampleRatio: cfg.SampleRatio, Sampler: cfg.Sampler,
			Version: a.build.Version, Log: a.log,
		})
		if err != nil {
			a.log.Warn().Err(err).Msg("nothing is traced")
			return nil, err
		}
		a.onClose("traces", func(ctx context.Context) error { t.Close(ctx); return nil })
		return t, nil
	})
	return t
}
