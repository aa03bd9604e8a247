package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// tradeControl adds what plays the buyer, the console and Douyin's own decisions.
func (s *Server) tradeControl(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sim/trade/ledger", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Trade()) })
	mux.HandleFunc("GET /_sim/trade/violations", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Trade().Violations) })
	mux.HandleFunc("GET /_sim/trade/platform_key", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-pem-file")
		_, _ = w.Write([]byte(s.PlatformKey())) // the client may be gone
	})
	mux.HandleFunc("POST /_sim/trade/app_key", s.postAppKey)
	mux.HandleFunc("POST /_sim/trade/request_order", s.postRequestOrder)
	mux.HandleFunc("POST /_sim/trade/pay", s.postTradePay)
	mux.HandleFunc("POST /_sim/trade/cancel", func(w http.ResponseWriter, r *http.Request) {
		s.onOrder(w, r, s.CancelTrade)
	})
	mux.HandleFunc("POST /_sim/trade/settle", func(w http.ResponseWriter, r *http.Request) {
		s.onOrder(w, r, s.SettleTrade)
	})
	mux.HandleFunc("POST /_sim/trade/ask_refund", s.postAskRefund)
	mux.HandleFunc("POST /_sim/trade/ask_again", s.postAskAgain)
}

// take reads the body of the control interface into v. It is false when it has answered.
func take(w http.ResponseWriter, r *http.Request, v any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if errors.Is(err, io.EOF) {
		err = errors.New("the body is empty: want a JSON object")
	}
	if err != nil {
		reply(w, http.StatusBadRequest, problem{err.Error()})
		return false
	}
	return true
}

// done answers with v, or with what stood against it.
func done(w http.ResponseWriter, err error, v any) {
	switch {
	case err == nil:
		reply(w, http.StatusOK, v)
	case errors.Is(err, ErrNoOrder) || errors.Is(err, ErrNoAsked):
		reply(w, http.StatusNotFound, problem{err.Error()})
	default:
		reply(w, http.StatusConflict, problem{err.Error()})
	}
}

// onOrder does something to {"order_id":"..."} or {"out_order_no":"..."}.
func (s *Server) onOrder(w http.ResponseWriter, r *http.Request, do func(number string) error) {
	var req struct {
		OrderID    string `json:"order_id"`
		OutOrderNo string `json:"out_order_no"`
	}
	if take(w, r, &req) {
		done(w, do(either(req.OrderID, req.OutOrderNo)), struct{}{})
	}
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// postAppKey uploads the app's public key: {"public_key":"PEM","key_version":"2"}.
func (s *Server) postAppKey(w http.ResponseWriter, r *http.Request) {
	var req struct {
		PublicKey  string `json:"public_key"`
		KeyVersion string `json:"key_version"`
	}
	if !take(w, r, &req) {
		return
	}
	key, err := ParseAppKey([]byte(req.PublicKey))
	if err != nil {
		reply(w, http.StatusBadRequest, problem{err.Error()})
		return
	}
	s.SetAppKey(key, req.KeyVersion)
	s.cfg.Log.Info().Str("key_version", req.KeyVersion).Msg("simulator: the app's key uploaded")
	reply(w, http.StatusOK, struct{}{})
}

// requestOrderFailure is what the front end gets: errNo and errMsg are Douyin's, reason is the
// simulator's.
type requestOrderFailure struct {
	ErrNo  int    `json:"errNo"`
	ErrMsg string `json:"errMsg"`
	Reason string `json:"reason"`
}

// postRequestOrder takes what the shop's server has answered its mini-app as it stands: an "err_no",
// "err_tips" or "system" beside the two texts is the shop's own.
func (s *Server) postRequestOrder(w http.ResponseWriter, r *http.Request) {
	var req struct {
		System            json.RawMessage `json:"system"`
		ErrNo             json.RawMessage `json:"err_no"`
		ErrTips           json.RawMessage `json:"err_tips"`
		Data              string          `json:"data"`
		ByteAuthorization string          `json:"byteAuthorization"`
		OpenID            string          `json:"open_id"`
	}
	if !take(w, r, &req) {
		return
	}
	id, err := s.RequestOrder(req.Data, req.ByteAuthorization, req.OpenID)
	var refused *RequestError
	if errors.As(err, &refused) {
		reply(w, http.StatusBadRequest, requestOrderFailure{codeTradeSignature, "requestOrder:fail " + refused.Words, refused.Reason})
		return
	}
	reply(w, http.StatusOK, struct {
		OrderID string `json:"orderId"`
		ErrMsg  string `json:"errMsg"`
	}{id, "requestOrder:ok"})
}

func (s *Server) postTradePay(w http.ResponseWriter, r *http.Request) {
	var req struct {
		OrderID    string `json:"order_id"`
		OutOrderNo string `json:"out_order_no"`
		PayChannel int64  `json:"pay_channel"`
		Discount   int64  `json:"discount_amount"`
	}
	if take(w, r, &req) {
		done(w, s.PayTrade(either(req.OrderID, req.OutOrderNo), req.PayChannel, req.Discount), struct{}{})
	}
}

func (s *Server) postAskRefund(w http.ResponseWriter, r *http.Request) {
	var req struct {
		OrderID    string `json:"order_id"`
		OutOrderNo string `json:"out_order_no"`
		AskedRefund
	}
	if !take(w, r, &req) {
		return
	}
	q := req.AskedRefund
	q.Order = either(q.Order, either(req.OrderID, req.OutOrderNo))
	id, err := s.AskRefund(q)
	done(w, err, struct {
		RefundID string `json:"refund_id"`
	}{id})
}

func (s *Server) postAskAgain(w http.ResponseWriter, r *http.Request) {
	var req struct {
		RefundID string `json:"refund_id"`
	}
	if take(w, r, &req) {
		done(w, s.AskAgain(req.RefundID), struct{}{})
	}
}
