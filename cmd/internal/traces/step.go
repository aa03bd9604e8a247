package traces

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/douyin"
)

// Attributes that OpenTelemetry has no name for, beside those of package tasks.
const (
	outcomeKey   = attribute.Key("ordersync.outcome") // of a run
	kindKey      = attribute.Key("ordersync.kind")    // of a complaint: unavailable, rejected, incomplete, ...
	attemptKey   = attribute.Key("ordersync.attempt") // of a task, counted from 1
	postponedKey = attribute.Key("ordersync.postponed")
	changedKey   = attribute.Key("ordersync.changed") // the order has changed since it was read
	requestKey   = attribute.Key("ordersync.request") // X-Request-Id, as in the gateway's log
	moneyKey     = attribute.Key("ordersync.money")   // refund or settlement
	errNoKey     = attribute.Key("douyin.err_no")
	logIDKey     = attribute.Key("douyin.log_id")
	opKey        = attribute.Key("douyin.op")
)

// step runs f under a span of its own.
func (t *Traces) step(ctx context.Context, name string, f func(ctx context.Context, span trace.Span) error, what ...attribute.KeyValue) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(what...))
	defer span.End()
	failed(span, f(ctx, span))
}

// stepped runs f under a span of its own and returns what f returned.
func stepped[T any](
	ctx context.Context, t *Traces, name string, f func(ctx context.Context, span trace.Span) (T, error), what ...attribute.KeyValue,
) (value T, err error) {
	t.step(ctx, name, func(ctx context.Context, span trace.Span) error {
		value, err = f(ctx, span)
		return err
	}, what...)
	return value, err
}

// failed marks a span with an error; nil leaves it as it is.
func failed(span trace.Span, err error) {
	if err == nil || !span.IsRecording() {
		return
	}
	span.SetStatus(codes.Error, fit(err.Error()))
	var failure *douyin.Error
	if !errors.As(err, &failure) {
		span.SetAttributes(semconv.ErrorType(err))
		return
	}
	span.SetAttributes(semconv.ErrorTypeKey.String(failure.Kind.String()), opKey.String(failure.Op))
	if failure.Code != 0 {
		span.SetAttributes(errNoKey.Int(failure.Code))
	}
	noteLogID(span, failure.LogID)
}

// noteLogID notes where Douyin's own logs have the call.
func noteLogID(span trace.Span, logID string) {
	if logID != "" {
		span.SetAttributes(logIDKey.String(fit(logID)))
	}
}
