package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/ordersync/ordersync/douyin"
	general "github.com/ordersync/ordersync/douyin/trade"
)

// Callbacks keeps what Douyin reports.
type Callbacks interface {
	// Accept makes a verified callback durable before it returns without an error; the same news a
	// second time is no error. raw is the body as it came, for the shop's own handler. The result
	// is CallbackAccepted, CallbackForeign or CallbackMalformed; Douyin is told success for each.
	// After an error Douyin is told to deliver again.
	Accept(ctx context.Context, c douyin.Callback, raw []byte) (CallbackResult, error)
}

// TradeCallbacks keeps what Douyin reports of trade (通用交易系统).
type TradeCallbacks interface {
	// AcceptTrade is Callbacks.Accept for trade. h has the headers of the delivery: the Byte-* ones
	// belong to the body and travel with it. answer is what Douyin is told, byte for byte, which a
	// question about a refund needs; nil: success and nothing else.
	AcceptTrade(ctx context.Context, c general.Callback, h http.Header, raw []byte) (answer []byte, result CallbackResult, err error)
}

// CallbackSystem is the one of Douyin's payment systems that a delivery is of, for
// Config.OnCallback.
type CallbackSystem string

// The systems. The header Byte-Signature tells trade's callbacks.
const (
	CallbackEcpay CallbackSystem = ofEcpay
	CallbackTrade CallbackSystem = ofTrade
)

// CallbackSystems are both.
func CallbackSystems() []CallbackSystem { return []CallbackSystem{CallbackEcpay, CallbackTrade} }

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

// receiver takes the deliveries of one system.
type receiver struct {
	system CallbackSystem
	noKey  string // what is answered where the system has nothing to verify with
	// verified tells whether a delivery is Douyin's, and how to keep it.
	verified func(g *Gateway, h http.Header, raw []byte) (keep func(context.Context) ([]byte, CallbackResult, error), err error)
}

var ecpayReceiver = receiver{CallbackEcpay, "no callback token is configured", (*Gateway).verifyEcpay}

var tradeReceiver = receiver{CallbackTrade, "no platform key is configured", (*Gateway).verifyTrade}

// receiverOf chooses by the header that only trade's callbacks have, before anything is believed: what
// claims to be the other system's than it is has no right signature there.
func receiverOf(h http.Header) receiver {
	if len(h.Values(general.HeaderSignature)) > 0 {
		return tradeReceiver
	}
	return ecpayReceiver
}

func (g *Gateway) verifyEcpay(_ http.Header, raw []byte) (func(context.Context) ([]byte, CallbackResult, error), error) {
	c, err := douyin.VerifyCallback(raw, g.cfg.CallbackTokens...)
	return func(ctx context.Context) ([]byte, CallbackResult, error) {
		result, err := g.Callbacks.Accept(ctx, c, raw)
		return nil, result, err
	}, err
}

func (g *Gateway) verifyTrade(h http.Header, raw []byte) (func(context.Context) ([]byte, CallbackResult, error), error) {
	if g.TradeCallbacks == nil {
		return nil, general.ErrNoKey
	}
	c, err := general.VerifyCallback(h, raw, g.cfg.PlatformKeys...)
	return func(ctx context.Context) ([]byte, CallbackResult, error) {
		return g.TradeCallbacks.AcceptTrade(ctx, c, h, raw)
	}, err
}

// callback takes a delivery of Douyin's: size, signature, storage, and only then success. It asks
// for no bearer token and no Content-Type: the signature says who it is from. What is forged stands
// in no log.
func (g *Gateway) callback(w http.ResponseWriter, r *http.Request) error {
	from := receiverOf(r.Header)
	raw, err := readAll(w, r)
	if err != nil {
		return g.refuse(w, from, CallbackForged, problemOf(err))
	}
	keep, err := from.verified(g, r.Header, raw)
	switch {
	case errors.Is(err, douyin.ErrCallbackNoToken), errors.Is(err, general.ErrNoKey): // a fault of ours: Douyin's redeliveries give time to mend it
		return g.refuse(w, from, CallbackFailed, unavailable(from.noKey, err))
	case err != nil:
		return g.refuse(w, from, CallbackForged, &Problem{Status: http.StatusForbidden, Detail: "not signed by Douyin", cause: err})
	}
	vouch(w)
	answer, result, err := keep(r.Context())
	if err != nil {
		return g.refuse(w, from, CallbackFailed, &Problem{Status: http.StatusInternalServerError, Detail: "not stored: deliver again", cause: err})
	}
	g.cfg.OnCallback(from.system, result)
	if answer != nil {
		send(w, http.StatusOK, "application/json", answer) // untouched: it is the same at every delivery
		return nil
	}
	return g.reply(w, http.StatusOK, delivered{0, "success"})
}

// refuse answers in Douyin's form with an err_no that is not 0, as a problem would be of no use to
// it. The problem goes to the log line. The errors of both VerifyCallback quote nothing of the body.
func (g *Gateway) refuse(w http.ResponseWriter, from receiver, result CallbackResult, p *Problem) error {
	g.cfg.OnCallback(from.system, result)
	if a := responseOf(w); a != nil {
		a.problem = p
	}
	return g.reply(w, p.Status, delivered{p.Status, p.Detail})
}
