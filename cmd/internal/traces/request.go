package traces

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Request is for gateway.Config.Trace: it makes a span of every request (kind SERVER, conventions for HTTP), beneath the caller's
// traceparent where the caller was let in. nil: nobody traces.
func (t *Traces) Request() gateway.Trace {
	if t == nil {
		return nil
	}
	return t.request
}

func (t *Traces) request(r *http.Request, pattern string, admitted bool) (context.Context, func(status int, requestID string)) {
	method, route, _ := strings.Cut(pattern, " ")
	what := []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(method), semconv.HTTPRoute(route)}
	if id := r.PathValue("id"); id != "" {
		what = append(what, tasks.OrderIDKey.String(fit(id)))
	}
	if number := r.PathValue("no"); number != "" {
		what = append(what, tasks.NumberKey.String(fit(number)))
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(what...)}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	if !admitted { // a stranger does not decide what is kept
		options = append(options, trace.WithNewRoot())
		if theirs := trace.SpanContextFromContext(ctx); theirs.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: theirs}))
		}
	}
	ctx, span := t.tracer.Start(ctx, pattern, options...)
	return ctx, func(status int, requestID string) {
		span.SetAttributes(requestKey.String(fit(requestID)))
		if status != 0 {
			span.SetAttributes(semconv.HTTPResponseStatusCode(status))
		}
		if status == 0 || status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
