package simulator

import (
	"net/http"
	"strconv"
	"time"
)

// fail does to one call what its fault says.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, o op, c *call, fate verdict) {
	f := fate.fault
	s.stats.faulted(o, f.Kind)
	c.why = f.Kind
	switch f.Kind {
	case CutAfter, GarbageAfter, SystemErrorAfter:
		c.lost = true
		s.stats.answered(o, operations[o].apply(s, c))
	case TokenRevoked:
		s.Revoke() // the call goes on and meets the consequence
		s.stats.answered(o, operations[o].apply(s, c))
	default:
		if o == opPush {
			s.ledger.note(&s.cfg, c, pushRecord{result: faulted})
		}
	}

	switch f.Kind {
	case CutBefore, CutAfter:
		cut(w)
	case Hang:
		bound := s.cfg.HangBound
		if f.DelayMS > 0 {
			bound = time.Duration(f.DelayMS) * time.Millisecond
		}
		s.wait(r.Context(), bound)
		cut(w)
	case ServerError:
		codes := [...]int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable}
		page(w, codes[fate.draw%uint64(len(codes))], "<html><body><h1>nginx</h1></body></html>")
	case BadRequest:
		page(w, http.StatusBadRequest, "<html><body><h1>400 Bad Request</h1></body></html>")
	case TooMany:
		if f.RetryAfterS > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfterS))
		}
		page(w, http.StatusTooManyRequests, "too many requests")
	case Garbage, GarbageAfter:
		write(w, []byte(`{"err_code":0,"err_no":0,"err_`))
	case Busy:
		write(w, operations[o].fails(nil, busyCode(o), "系统繁忙，请稍后重试"))
	case SystemError, SystemErrorAfter:
		write(w, operations[o].fails(nil, systemCode(o), "系统错误，请重试"))
	case TokenRevoked:
		c.write(w)
	default: // Latency is no verdict, and the kinds of results and callbacks never befall a call
		cut(w)
	}
}

// systemCode is the number of "internal error": -1 for the order push and the token, 1000 for
// ecpay, 13000 (23000 for settlements) for trade.
func systemCode(o op) int {
	switch {
	case o == opPush || o == opToken:
		return codeSystem
	case o == opClientToken:
		return codeClientSystem
	case o == opTradeSettle || o == opTradeSettleQuery:
		return codeSettleSystem
	case o.isTrade():
		return codeTradeSystem
	}
	return codeInternal
}

// busyCode is the number of "too often".
func busyCode(o op) int {
	switch {
	case o == opClientToken:
		return codeClientOften
	case o.isTrade():
		return codeTradeOften
	}
	return codeBusy
}

func page(w http.ResponseWriter, status int, html string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(html))
}

func write(w http.ResponseWriter, body []byte) {
	w.Header()["Content-Type"] = contentTypeJSON
	_, _ = w.Write(body)
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to say the same
	}
	_ = conn.Close()
}
