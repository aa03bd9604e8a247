package traces

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

const (
	tracerName = "github.com/ordersync/ordersync"
	// flushTimeout bounds the last flush. With worker.shutdown_timeout it stays below the container's grace period.
	flushTimeout = 5 * time.Second
	tracesPath   = "/v1/traces" // OTLP/HTTP's default
)

// Config is where spans go and which.
type Config struct {
	// Endpoint is the collector's address; without a path /v1/traces is meant. Empty: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
	// OTEL_EXPORTER_OTLP_ENDPOINT, as the exporter reads them.
	Endpoint string
	Headers  map[string]string // sent to the collector; nil: those of OTEL_EXPORTER_OTLP_HEADERS
	// SampleRatio is how many of the traces that begin here are kept, 0 to 1. A caller's traceparent decides for its own.
	SampleRatio float64
	Sampler     bool   // OTEL_TRACES_SAMPLER says it, in place of SampleRatio
	Version     string // of the program
	Log         zerolog.Logger
	Now         func() time.Time // nil: time.Now
}

// Traces makes spans of what other rooms do. A nil *Traces makes none and wraps nothing.
type Traces struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
	exporter *reporting
}

// New does not wait for the collector. OpenTelemetry's own complaints go to cfg.Log from then on, for the whole process.
func New(cfg Config) (*Traces, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	routeComplaints(cfg.Log)
	options, err := cfg.exporterOptions()
	if err != nil {
		return nil, err
	}
	collector, err := otlptracehttp.New(context.Background(), options...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", errors.New(tidy(err)))
	}
	exporter := &reporting{SpanExporter: collector, log: cfg.Log, now: cfg.Now}
	provider := sdktrace.NewTracerProvider(append(cfg.samplerOption(), sdktrace.WithBatcher(exporter), sdktrace.WithResource(cfg.resource()))...)
	return &Traces{tracer: provider.Tracer(tracerName, trace.WithInstrumentationVersion(cfg.Version)), provider: provider, exporter: exporter}, nil
}

func (c Config) exporterOptions() (options []otlptracehttp.Option, err error) {
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		if err != nil || u.Host == "" {
			return nil, errors.New("traces: the collector's address is none")
		}
		if strings.Trim(u.Path, "/") == "" {
			u.Path = tracesPath
		}
		options = append(options, otlptracehttp.WithEndpointURL(u.String()))
	}
	if len(c.Headers) > 0 {
		options = append(options, otlptracehttp.WithHeaders(c.Headers))
	}
	return options, nil
}

func (c Config) samplerOption() []sdktrace.TracerProviderOption {
	if c.Sampler {
		return nil // the SDK reads the variable
	}
	return []sdktrace.TracerProviderOption{sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(c.SampleRatio)))}
}

// resource names this process. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win. Never the command line: it may hold secrets.
func (c Config) resource() *resource.Resource {
	r, err := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithHost(), resource.WithProcessPID(),
		resource.WithAttributes(semconv.ServiceName("ordersync"), semconv.ServiceVersion(c.Version)), resource.WithFromEnv())
	if err != nil { // what could be found is in r
		c.Log.Warn().Msg("traces: a part of the resource is missing; is OTEL_RESOURCE_ATTRIBUTES well formed?")
	}
	return r
}

// Close sends what waits, for at most five seconds, and never fails: nobody's work depends on it.
func (t *Traces) Close(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		_ = t.exporter.Shutdown(ctx) // ends the request that is under way; its own error says no more
		t.exporter.log.Warn().Msg("traces: the last spans could not be delivered in time")
	}
}

// routeComplaints sets the two package globals that OpenTelemetry leaves no way around.
func routeComplaints(log zerolog.Logger) {
	log = log.With().Str("lib", "opentelemetry").Logger()
	otel.SetLogger(complaints(log))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Debug().Str("why", tidy(err)).Msg("opentelemetry") }))
}
