// Package traces shows one order's way as an OpenTelemetry trace: from the shop's call, through the queue, to Douyin's answer. It is
// off unless a collector is configured.
//
//	t, err := traces.New(traces.Config{Endpoint: "http://127.0.0.1:4318", SampleRatio: 1, Log: log})
//	handlers.Push = t.Handler(handlers.Push)   // and so on for what the handler uses: Orders, Gate, Pusher
//	defer t.Close(ctx)
//
// # Why a nil *Traces is the one that is off
//
// Every method that wraps something returns it as it came when the receiver is nil. So a process without traces runs the very values
// it would run if this package did not exist: no span, no allocation, no call more.
//
// # Why a run is a child of what asked for it, and a retry its sibling
//
// OpenTelemetry's semantic conventions for messaging spans ("Message creation context as parent of
// Process span") prefer links, and allow for the handling of single messages that the span continues
// the trace of the message's creation, which is to be documented: this is what is done here, with a
// link as well, because one trace from checkout to Douyin is what a person looks for. Each run of a
// task is a "process" span of its own with the same creation context, so all attempts stand side by
// side in one trace, numbered by ordersync.attempt.
//
// What the sweep or a backfill asked for has a trace of its own for each order, which begins with its run and is linked to the span
// that enqueued it: the conventions' way for what was sent in batches. A trace of a sweep with 50,000 orders in it helps nobody. Rows of the
// outbox and entries of the inbox come without a trace, and each begins one.
//
// # Why the callback of Douyin and other strangers begin a trace of their own
//
// A traceparent says "keep this trace". It is followed only behind the API's tokens; from anybody else it becomes a link, or a
// stranger could fill the collector.
//
// # Why Douyin gets no traceparent
//
// A platform's API is not part of our system. What is sent to Douyin is byte for byte what is sent without traces.
//
// # Why nothing secret is in a span
//
// Attributes are a closed list: ids of orders, tasks and instructions, outcomes, Douyin's code and log id, HTTP's method, path and
// status. No body, no header, no query. Error texts are those of the log, which hold no secret either.
//
// # Why the collector cannot hurt
//
// Spans wait in a bounded queue and are dropped when it is full. What the collector answers is told at most every ten minutes and never in
// its own words, which may quote a token. The last flush is given five seconds.
//
// # Why otlptracehttp, and why not otelhttp
//
// The standard exporter links gRPC though it speaks HTTP: traces cost the production binary 3.8 MB (35.1 to 38.9), of which 2.2 MB
// are that. It is taken nevertheless: TLS, proxies, compression, retries and the OTEL_ variables are as everybody knows them.
// otelhttp would add 1.6 MB more for its metrics; what is needed of it is two short files here.
package traces
