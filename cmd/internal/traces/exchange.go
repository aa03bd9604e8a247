package traces

import (
	"io"
	"net/http"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/ordersync/ordersync/douyin"
)

// maxCodeBytes is how much of an answer is looked through for Douyin's code. Answers have some hundred bytes; of a longer one the
// number is not known.
const maxCodeBytes = 64 << 10

// HTTP is the client for calls to Douyin: one that makes a span of every exchange, the fetch of a token included. nil: package
// douyin's own.
func (t *Traces) HTTP() *http.Client {
	if t == nil {
		return nil
	}
	return &http.Client{Transport: exchanges{t, douyin.NewTransport()}}
}

type exchanges struct {
	*Traces
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The request leaves as it came: no traceparent. The span (kind CLIENT, conventions for HTTP)
// ends with the last byte of the answer.
func (e exchanges) RoundTrip(r *http.Request) (*http.Response, error) {
	address := *r.URL
	address.User, address.RawQuery, address.Fragment = nil, "", ""
	port := address.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[address.Scheme]
	}
	number, _ := strconv.Atoi(port) // 0 cannot be: net/http has dialled it, or will refuse it
	_, span := e.tracer.Start(r.Context(), r.Method+" "+address.Path, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.HTTPRequestMethodKey.String(r.Method), semconv.URLFull(address.String()), semconv.URLTemplate(address.Path),
		semconv.ServerAddress(address.Hostname()), semconv.ServerPort(number),
	))
	resp, err := e.next.RoundTrip(r)
	if err != nil {
		failed(span, err)
		span.End()
		return resp, err
	}
	span.SetAttributes(semconv.HTTPResponseStatusCode(resp.StatusCode))
	noteLogID(span, resp.Header.Get(douyin.HeaderLogID))
	resp.Body = &watchedBody{ReadCloser: resp.Body, span: span, path: address.Path, status: resp.StatusCode}
	return resp, nil
}

// watchedBody is the body of an answer, watched as it goes by.
type watchedBody struct {
	io.ReadCloser
	span   trace.Span
	path   string
	status int
	read   []byte
	long   bool // longer than maxCodeBytes
	once   sync.Once
}

func (a *watchedBody) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if a.long = a.long || len(a.read)+n > maxCodeBytes; !a.long {
		a.read = append(a.read, p[:n]...)
	}
	if err != nil {
		a.end(err)
	}
	return n, err
}

func (a *watchedBody) Close() error {
	err := a.ReadCloser.Close()
	a.end(io.EOF)
	return err
}

// end notes Douyin's code and nothing else of the body.
func (a *watchedBody) end(err error) {
	a.once.Do(func() {
		code, ok := douyin.AnswerCode(a.path, a.read)
		if ok = ok && !a.long; ok {
			a.span.SetAttributes(errNoKey.Int(code))
		}
		switch {
		case err != io.EOF: //nolint:errorlint // Read's contract: EOF itself
			failed(a.span, err)
		case a.status >= http.StatusBadRequest:
			a.span.SetStatus(codes.Error, "")
			a.span.SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(a.status)))
		case ok && code != 0:
			a.span.SetStatus(codes.Error, "")
			a.span.SetAttributes(semconv.ErrorTypeKey.String("err_no"))
		}
		a.span.End()
		a.read = nil
	})
}
