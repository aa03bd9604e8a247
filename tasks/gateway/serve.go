package gateway

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/ordersync/ordersync/tasks/cut"
)

// headerRequestID names a request in the log and in the answer.
const headerRequestID = "X-Request-Id"

// answered watches one answer for the log line.
type response struct {
	http.ResponseWriter
	status  int
	bytes   int
	problem *Problem
	stack   []byte // of a panic
	vouched bool   // a token or a signature says who asks; else just anybody may have
}

func (a *response) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *response) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (a *response) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func responseOf(w http.ResponseWriter) *response {
	a, _ := w.(*response)
	return a
}

// statusOf is what was answered so far; 0: nothing.
func statusOf(w http.ResponseWriter) int {
	if a := responseOf(w); a != nil {
		return a.status
	}
	return 0
}

// ServeHTTP answers one request within Config.Timeout and writes one log line about it. A panic
// becomes a 500.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.serve(w, r, g.mux, "no such path: see /openapi.yaml")
}

// serve answers from one of the muxes; unknown is said of a path that it does not have.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, mux *http.ServeMux, unknown string) {
	begin := g.cfg.Now()
	id := g.cfg.NewID()
	w.Header().Set(headerRequestID, id)
	ctx, cancel := context.WithTimeout(r.Context(), g.cfg.Timeout)
	defer cancel()
	a := &response{ResponseWriter: w}
	defer func() { g.logLine(r, a, id, g.cfg.Now().Sub(begin)) }()
	defer recoverTo(a)

	// A body that trickles in ends with the request. Writers that know no deadline (tests) are
	// bound by ctx alone.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(g.cfg.Timeout))
	route(a, r.WithContext(ctx), mux, unknown)
}

// route hands over to the handler of the path, or answers 404 or 405 as a problem: the mux would
// answer in plain text.
func route(w http.ResponseWriter, r *http.Request, mux *http.ServeMux, unknown string) {
	h, pattern := mux.Handler(r)
	// else the mux would redirect, and a redirected POST is a GET to some
	if pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
		mux.ServeHTTP(w, r)
		return
	}
	probe := &refusal{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allow := probe.header.Get("Allow")
		w.Header().Set("Allow", allow)
		fail(w, &Problem{Status: http.StatusMethodNotAllowed, Detail: "this path takes " + allow})
		return
	}
	fail(w, &Problem{Status: http.StatusNotFound, Detail: unknown})
}

// refusal keeps of the mux's own answer what a problem needs.
type refusal struct {
	header http.Header
	status int
}

func (p *refusal) Header() http.Header         { return p.header }
func (p *refusal) WriteHeader(status int)      { p.status = status }
func (p *refusal) Write(b []byte) (int, error) { return len(b), nil }

func recoverTo(a *response) {
	switch v := recover(); v {
	case nil:
	case http.ErrAbortHandler:
		panic(v) // net/http's own way to cut a connection
	default:
		a.stack = debug.Stack()
		err := fmt.Errorf("panic: %v", v)
		if a.status != 0 { // too late for another answer
			a.problem = &Problem{Status: http.StatusInternalServerError, cause: err}
			return
		}
		fail(a, err)
	}
}

// vouch notes that a token or a signature says who asks.
func vouch(w http.ResponseWriter) {
	if a := responseOf(w); a != nil {
		a.vouched = true
	}
}

// logLine tells what was asked and how it ended; of what just anybody can ask, as much as Flood
// lets through. It holds no header, no query, no body: tokens and personal data travel there.
func (g *Gateway) logLine(r *http.Request, a *response, id string, took time.Duration) {
	if !a.vouched && a.stack == nil && !g.flood.Admit("http "+strconv.Itoa(a.status)) {
		return
	}
	event := g.cfg.Log.Info()
	// r has the connection's own context, without our timeout: it ends early only with the connection.
	gone := r.Context().Err() != nil
	switch failed := a.status >= http.StatusInternalServerError; {
	case a.stack != nil || failed && !gone:
		event = g.cfg.Log.Error()
	case failed: // nobody waits for the answer, and what was done for it ended for that reason
		event = event.Str("caller", "gone")
	case quiet(r.URL.Path):
		event = g.cfg.Log.Debug()
	}
	event = event.Str("request", id).Str("method", cut.Clean(r.Method, 16)).Str("path", cut.Clean(r.URL.Path, 200)).
		Int("status", a.status).Int("bytes", a.bytes).Dur("took", took)
	if p := a.problem; p != nil {
		event = event.Str("problem", cut.Clean(p.Error(), 500))
	}
	if a.stack != nil {
		event = event.Bytes("stack", a.stack)
	}
	event.Msg("http")
}

// quiet paths are asked every few seconds by whoever watches the process.
func quiet(path string) bool { return path == "/healthz" || path == "/readyz" }
