package simulator

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// controlHandler is everything under /_sim/, which is not Douyin's. What a page of another site sends
// is refused: a browser sends it to the loopback address of its user, too.
func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_sim/ledger", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Ledger()) })
	mux.HandleFunc("GET /_sim/stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Stats()) })
	mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Faults()) })
	mux.HandleFunc("GET /_sim/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		o, ok := s.Order(r.PathValue("id"))
		if !ok {
			reply(w, http.StatusNotFound, problem{"no push ever named this order"})
			return
		}
		reply(w, http.StatusOK, o)
	})
	mux.HandleFunc("POST /_sim/faults", s.postFaults)
	mux.HandleFunc("POST /_sim/pay", s.postPay)
	mux.HandleFunc("POST /_sim/revoke", func(w http.ResponseWriter, _ *http.Request) {
		s.Revoke()
		s.cfg.Log.Info().Msg("simulator: tokens revoked")
		reply(w, http.StatusOK, struct{}{})
	})
	mux.HandleFunc("POST /_sim/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		s.cfg.Log.Info().Msg("simulator: reset")
		reply(w, http.StatusOK, struct{}{})
	})
	s.tradeControl(mux)
	ours := http.NewCrossOriginProtection()
	ours.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusForbidden, problem{"a page of another site has sent this"})
	}))
	return ours.Handler(mux)
}

// problem is the answer of the control interface to a mistake.
type problem struct {
	Error string `json:"error"`
}

func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		reply(w, http.StatusRequestEntityTooLarge, problem{"the body is larger than 1 MiB"})
		return
	}
	p, err := ParsePlan(body)
	if err == nil {
		err = s.SetFaults(p)
	}
	if err != nil {
		reply(w, http.StatusBadRequest, problem{err.Error()})
		return
	}
	s.cfg.Log.Info().Str("profile", p.Profile).Int("faults", len(p.Faults)).Msg("simulator: faults set")
	reply(w, http.StatusOK, s.Faults())
}

// postPay makes the user pay: {"out_order_no":"..."}. With "total_amount" (fen) the order is made,
// as paid now, without a callback.
func (s *Server) postPay(w http.ResponseWriter, r *http.Request) {
	var req struct {
		OutOrderNo  string `json:"out_order_no"`
		TotalAmount int64  `json:"total_amount"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		reply(w, http.StatusBadRequest, problem{err.Error()})
		return
	}
	pay := s.Pay
	if req.TotalAmount != 0 {
		pay = func(no string) error { return s.AddPaid(no, req.TotalAmount, s.cfg.Now()) }
	}
	switch err := pay(req.OutOrderNo); {
	case errors.Is(err, ErrNoPayment):
		reply(w, http.StatusNotFound, problem{err.Error()})
	case err != nil:
		reply(w, http.StatusConflict, problem{err.Error()})
	default:
		reply(w, http.StatusOK, struct{}{})
	}
}

// Reset forgets orders, money and counters. Tokens and faults stay.
func (s *Server) Reset() {
	s.ledger.reset()
	s.bank.reset()
	s.trade.reset()
	s.stats.reset()
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header()["Content-Type"] = contentTypeJSON
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
