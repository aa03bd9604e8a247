package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/cut"
)

// Problem is an RFC 9457 problem document (application/problem+json) and the error behind it.
type Problem struct { //nolint:errname // it is the RFC's document first
	Type   string `json:"type"`             // always about:blank: the status says what kind it is
	Title  string `json:"title"`            // the status in words
	Status int    `json:"status"`           // as in the status line
	Detail string `json:"detail,omitempty"` // what is wrong, in English
	Field  string `json:"field,omitempty"`  // what to mend, where one field is to blame

	Code  int    `json:"code,omitempty"`   // Douyin's code, where Douyin refused
	LogID string `json:"log_id,omitempty"` // of Douyin's answer

	// in which new payments are made, where a payment of the other system was asked for: ecpay, trade
	System string `json:"system,omitempty"`

	Paid    *int64 `json:"paid_fen,omitempty"`    // of the order, where refunds would exceed it
	Already *int64 `json:"already_fen,omitempty"` // refunded or on the way
	Asked   *int64 `json:"asked_fen,omitempty"`   // fen

	wait  time.Duration // Retry-After of a 503; 0: retryAfter
	cause error         // for the log, never for the answer
}

func (p *Problem) Error() string {
	s := p.Detail
	if p.Field != "" {
		s = p.Field + ": " + s
	}
	if p.cause != nil {
		s += ": " + p.cause.Error()
	}
	return s
}

func (p *Problem) Unwrap() error { return p.cause }

var errNotSetUp = &Problem{Status: http.StatusNotImplemented, Detail: "this call is not set up on this gateway"}

// retryAfter is the wait that a 503 asks for: Redis comes back within it or not for a while.
const retryAfter = 5 * time.Second

// problemOf gives an error its status. What is not known here is a fault of ours: 500, without a
// word about the inside.
func problemOf(err error) *Problem {
	var own *Problem
	if errors.As(err, &own) {
		p := *own
		return &p
	}
	var payload *tasks.PayloadError
	if errors.As(err, &payload) {
		return &Problem{Status: http.StatusUnprocessableEntity, Field: payload.Field, Detail: payload.Reason}
	}
	if p := moneyProblem(err); p != nil {
		return p
	}
	if p := auditProblem(err); p != nil {
		return p
	}
	if p := douyinProblem(err); p != nil {
		return p
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &Problem{Status: http.StatusServiceUnavailable, Detail: "not done in time: ask again", cause: err}
	}
	return &Problem{Status: http.StatusInternalServerError, Detail: "the fault is in the log, under this X-Request-Id", cause: err}
}

// unavailable is a call that Redis or MySQL could not take. Asking again is right.
func unavailable(detail string, cause error) *Problem {
	return &Problem{Status: http.StatusServiceUnavailable, Detail: detail, cause: cause}
}

// fail answers with the problem of err and leaves the cause for the log line of the request.
func fail(w http.ResponseWriter, err error) {
	p := problemOf(err)
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	if a := responseOf(w); a != nil {
		a.problem = p
	}
	h := w.Header()
	if p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", seconds(cmp.Or(p.wait, retryAfter)))
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body is not read
	}
	write(w, p.Status, "application/problem+json", p)
}

// reply writes v as JSON, its times in the operator's zone. Its nil lets a handler end with it.
func (g *Gateway) reply(w http.ResponseWriter, status int, v any) error {
	write(w, status, "application/json", InZone(v, g.cfg.Zone))
	return nil
}

func write(w http.ResponseWriter, status int, contentType string, v any) {
	text, err := json.Marshal(v)
	if err != nil { // a type of this package that cannot be JSON: a bug, and recovered as one
		panic(err)
	}
	send(w, status, contentType, append(cut.PlainJSON(text), '\n')) // whoever tries a call does so in a terminal
}

func send(w http.ResponseWriter, status int, contentType string, text []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(text) // an error here: the client is gone, and nobody is left to tell
}
