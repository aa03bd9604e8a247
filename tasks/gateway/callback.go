package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/ordersync/ordersync/douyin"
)

// Callbacks keeps what Douyin reports.
type Callbacks interface {
	// Accept makes a verified callback durable before it returns without an error; the same news a
	// second time is no error. raw is the body as it came, for the shop's own handler. The result
	// is CallbackAccepted, CallbackForeign or CallbackMalformed; Douyin is told success for each.
	// After an error Douyin is told to deliver again.
	Accept(ctx context.Context, c douyin.Callback, raw []byte) (CallbackResult, error)
}

// CallbackResult is how a delivery ended, for Config.OnCallback.
type CallbackResult string

// The results of a delivery.
const (
	CallbackAccepted  CallbackResult = "accepted"
	CallbackForged    CallbackResult = "forged"    // not signed with one of our tokens, or no envelope of Douyin's
	CallbackForeign   CallbackResult = "foreign"   // signed, and about another app: kept, and nothing comes of it
	CallbackMalformed CallbackResult = "malformed" // signed, and not understood: kept for a person
	CallbackFailed    CallbackResult = "failed"    // not stored: Douyin delivers again
)

// CallbackResults are all of them.
func CallbackResults() []CallbackResult {
	return []CallbackResult{CallbackAccepted, CallbackForeign, CallbackForged, CallbackMalformed, CallbackFailed}
}

// delivered is the answer that Douyin reads. Anything but err_no 0 is a redelivery (PAY-CB).
type delivered struct {
	ErrNo   int    `json:"err_no"`
	ErrTips string `json:"err_tips"`
}

// callback takes a delivery of Douyin's: size, signature, storage, and only then success. It asks
// for no bearer token and no Content-Type: the signature says who it is from. What is forged stands
// in no log.
func (g *Gateway) callback(w http.ResponseWriter, r *http.Request) error {
	raw, err := readAll(w, r)
	if err != nil {
		return g.refuse(w, CallbackForged, problemOf(err))
	}
	c, err := douyin.VerifyCallback(raw, g.cfg.CallbackTokens...)
	switch {
	case errors.Is(err, douyin.ErrCallbackNoToken): // a fault of ours: Douyin's redeliveries give time to mend it
		return g.refuse(w, CallbackFailed, unavailable("no callback token is configured", err))
	case err != nil:
		return g.refuse(w, CallbackForged, &Problem{Status: http.StatusForbidden, Detail: "not signed by Douyin", cause: err})
	}
	vouch(w)
	result, err := g.Callbacks.Accept(r.Context(), c, raw)
	if err != nil {
		return g.refuse(w, CallbackFailed, &Problem{Status: http.StatusInternalServerError, Detail: "not stored: deliver again", cause: err})
	}
	g.cfg.OnCallback(result)
	return reply(w, http.StatusOK, delivered{0, "success"})
}

// refuse answers in Douyin's form with an err_no that is not 0, as a problem would be of no use to
// it. The problem goes to the log line. The errors of VerifyCallback quote nothing of the body.
func (g *Gateway) refuse(w http.ResponseWriter, result CallbackResult, p *Problem) error {
	g.cfg.OnCallback(result)
	if a := responseOf(w); a != nil {
		a.problem = p
	}
	return reply(w, p.Status, delivered{p.Status, p.Detail})
}
