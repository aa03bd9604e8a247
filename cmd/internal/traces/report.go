package traces

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/rs/zerolog"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ordersync/ordersync/tasks/cut"
)

const (
	// tellEvery is how often a collector that fails is spoken of. A batch leaves every five seconds.
	tellEvery    = 10 * time.Minute
	maxTextBytes = 256
)

// reporting is an exporter whose failures are told seldom, and to the log alone.
type reporting struct {
	sdktrace.SpanExporter
	log zerolog.Logger
	now func() time.Time

	mu      sync.Mutex
	failing bool
	lost    int       // spans since it began to fail
	tellAt  time.Time // not before
}

// ExportSpans never returns an error: whoever calls it could only print it.
func (r *reporting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := r.SpanExporter.ExportSpans(ctx, spans)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil:
		r.lost += len(spans)
		if now := r.now(); !r.failing || !now.Before(r.tellAt) {
			r.log.Warn().Str("why", tidy(err)).Int("lost", r.lost).Msg("traces do not arrive at the collector; the work goes on without them")
			r.tellAt = now.Add(tellEvery)
		}
		r.failing = true
	case r.failing:
		r.log.Info().Int("lost", r.lost).Msg("traces arrive again")
		r.failing, r.lost = false, 0
	}
	return nil
}

var (
	address = regexp.MustCompile(`https?://[^\s"]+`)
	foreign = regexp.MustCompile(`(?s)\(?(body|partial success|missing value):.*`)
)

// tidy is the text of an error about the collector without its address, which may hold a token, and without the collector's own words,
// which may quote one.
func tidy(err error) string {
	text := address.ReplaceAllString(err.Error(), "the collector")
	return fit(strings.TrimRight(foreign.ReplaceAllString(text, "$1"), " :"))
}

// fit makes text fit for a span and a line of the log.
func fit(text string) string { return cut.Clean(text, maxTextBytes) }

// complaints is where OpenTelemetry's own lines go. Their values stay out: they quote what is wrong in a variable, and that may be a
// header with a token.
func complaints(log zerolog.Logger) logr.Logger { return logr.New(sink{log}) }

type sink struct{ log zerolog.Logger }

func (s sink) Init(logr.RuntimeInfo) {}

// Enabled takes errors and warnings; OpenTelemetry warns at level 1.
func (s sink) Enabled(level int) bool { return level <= 1 }

func (s sink) Info(_ int, msg string, _ ...any)    { s.log.Warn().Msg(fit(msg)) }
func (s sink) Error(_ error, msg string, _ ...any) { s.log.Warn().Msg("cannot " + fit(msg)) }
func (s sink) WithValues(...any) logr.LogSink      { return s }
func (s sink) WithName(string) logr.LogSink        { return s }
