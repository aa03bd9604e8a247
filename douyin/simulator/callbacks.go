package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// redeliveries are the pauses before each repetition of a callback that was not answered with
// success (PAY-CB, REFUND-CB).
var redeliveries = []time.Duration{
	15 * time.Second, 15 * time.Second, 30 * time.Second, 3 * time.Minute, 10 * time.Minute, 20 * time.Minute,
	30 * time.Minute, 30 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 3 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 6 * time.Hour,
}

// delivery is one callback on its way.
type delivery struct {
	op     op
	kind   string // "payment", "refund", "settle"
	number string
	url    string     // of the request; empty: Config.NotifyURL
	fate   Fault      // zero: a plain delivery
	state  *Callback  // where it is counted, under the bank's lock
	of     recordName // what state is a part of
	msg    any
}

// settleLater gives an accepted refund or settlement its result after Config.ResultDelay and calls
// back. With an early callback the result is there at once, and the answer of the call waits for
// the first delivery.
func (s *Server) settleLater(c *call, result, callback op, number string, finish func(fails bool) delivery) {
	fails := s.fate(result, number).Kind == Fail
	fate := s.fate(callback, number)
	tried := func() {}
	if fate.Kind == Early {
		hold := make(chan struct{})
		c.hold, tried = hold, sync.OnceFunc(func() { close(hold) })
	}
	s.background(func(ctx context.Context) {
		defer tried()
		if fate.Kind != Early && !s.cfg.Pause(ctx, s.cfg.ResultDelay) {
			return
		}
		d := finish(fails)
		d.op, d.number, d.fate = callback, number, fate
		s.deliver(ctx, d, tried)
	})
}

// deliver posts a callback until it is answered with success, the schedule is over or the simulator
// is closed. tried is called after the first delivery.
func (s *Server) deliver(ctx context.Context, d delivery, tried func()) {
	if d.url == "" {
		d.url = s.cfg.NotifyURL
	}
	if d.url == "" || d.fate.Kind == Lost {
		return
	}
	s.bank.mu.settled()
	body := sync.OnceValue(func() []byte { return s.envelope(d) })
	if !s.repeat(ctx, d.fate, redeliveries, tried, func() bool { return s.deliverOnce(ctx, d, body()) }) {
		s.cfg.Log.Warn().Str("type", d.kind).Str("number", d.number).Msg("simulator: callback given up")
	}
}

// repeat sends until a delivery is taken, the pauses are used up or the simulator is closed. It is
// false when nothing was taken to the end. tried is called after the first delivery.
func (s *Server) repeat(ctx context.Context, fate Fault, pauses []time.Duration, tried func(), send func() bool) bool {
	if fate.Kind == Late && !s.cfg.Pause(ctx, time.Duration(fate.DelayMS)*time.Millisecond) {
		return true
	}
	for i := 0; ; i++ {
		taken := send()
		tried()
		switch {
		case taken:
			return true
		case i == len(pauses):
			return false
		case !s.cfg.Pause(ctx, time.Duration(float64(pauses[i])*s.cfg.RedeliveryScale)):
			return true
		}
	}
}

// deliverOnce posts the callback, twice at the same time when it is a duplicate, and tells whether
// all were taken.
func (s *Server) deliverOnce(ctx context.Context, d delivery, body []byte) bool {
	copies, taken := s.sendCopies(d.fate, func() bool { return s.post(ctx, d.url, body) })
	s.bank.mu.Lock()
	d.state.Deliveries += copies
	d.state.Answered = d.state.Answered || taken
	s.bank.mu.touch(d.of)
	s.bank.mu.Unlock()
	if taken {
		s.stats.answered(d.op, 0)
	}
	return taken
}

// envelope signs a callback. Every delivery of it has the same bytes (whether Douyin signs anew is
// UNCONFIRMED).
func (s *Server) envelope(d delivery) []byte {
	msg := string(appendJSON(nil, d.msg))
	timestamp := strconv.FormatInt(s.cfg.Now().Unix(), 10)
	nonce := fmt.Sprintf("%04d", s.random()%10000)
	return appendJSON(nil, struct {
		Timestamp    string `json:"timestamp"`
		Nonce        string `json:"nonce"`
		Msg          string `json:"msg"`
		Type         string `json:"type"`
		MsgSignature string `json:"msg_signature"`
	}{timestamp, nonce, msg, d.kind, callbackSignature(s.cfg.CallbackToken, timestamp, nonce, msg)})
}

// post sends one callback and tells whether the answer was {"err_no":0,"err_tips":"success"} and
// nothing else.
func (s *Server) post(ctx context.Context, url string, body []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	return err == nil && resp.StatusCode == http.StatusOK && isSuccess(answer)
}

// callbackTimeout is how long an answer is awaited. Douyin's own bound is not published
// (UNCONFIRMED).
const callbackTimeout = 5 * time.Second

func isSuccess(answer []byte) bool {
	var a map[string]any
	if err := json.Unmarshal(answer, &a); err != nil {
		return false
	}
	return len(a) == 2 && a["err_no"] == float64(0) && a["err_tips"] == "success"
}

// pause lets d pass. It is false when ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// fate is what the faults have for a result or a callback; the zero Fault is none.
func (s *Server) fate(o op, number string) Fault {
	sc := s.script.Load()
	if sc == nil {
		return Fault{}
	}
	v := sc.pick(o, []byte(number))
	if v.fault == nil {
		return Fault{}
	}
	s.stats.faulted(o, v.fault.Kind)
	return *v.fault
}
