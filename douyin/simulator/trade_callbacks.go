package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The pauses before each repetition of a callback that was not answered rightly.
var (
	paymentPauses = []time.Duration{
		12 * time.Second, 12 * time.Second, 33 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute,
		5 * time.Minute, 6 * time.Minute, 7 * time.Minute,
	}
	refundPauses = []time.Duration{
		10 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute,
		5 * time.Minute, 6 * time.Minute, 7 * time.Minute,
	}
	// settlePauses are those of the industry's page; UNCONFIRMED here.
	settlePauses = slices.Concat([]time.Duration{
		15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute,
		32 * time.Minute, 64 * time.Minute,
	}, slices.Repeat([]time.Duration{128 * time.Minute}, 11))
)

// notification is one callback of trade on its way.
type notification struct {
	op     op
	kind   string // payment, refund, settle or pre_create_refund
	number string // what faults may name
	app    string
	url    string // of the request; empty: Config.NotifyURL
	pauses []time.Duration
	state  *Callback  // where it is counted, under the lock of trade
	of     recordName // what state is a part of
	msg    any
}

// notify starts the deliveries of a notification.
func (s *Server) notify(n notification) {
	fate := s.fate(n.op, n.number)
	s.background(func(ctx context.Context) { s.deliverTrade(ctx, n, fate, func() {}) })
}

// tradeResult gives something accepted its result after Config.ResultDelay and calls back. With an
// early callback the result is there at once, and the answer of the call waits for the first
// delivery. c is nil where no call asked for it; finish tells false when there is nothing to say.
func (s *Server) tradeResult(c *call, result, callback op, number string, finish func(fails bool) (notification, bool)) {
	fails := s.fate(result, number).Kind == Fail
	fate := s.fate(callback, number)
	tried := func() {}
	early := fate.Kind == Early && c != nil
	if early {
		hold := make(chan struct{})
		c.hold, tried = hold, sync.OnceFunc(func() { close(hold) })
	}
	s.background(func(ctx context.Context) {
		defer tried()
		if !early && !s.cfg.Pause(ctx, s.cfg.ResultDelay) {
			return
		}
		if n, said := finish(fails); said {
			n.op, n.number = callback, number
			s.deliverTrade(ctx, n, fate, tried)
		}
	})
}

// deliverTrade posts a notification until it is taken, its pauses are over or the simulator is
// closed. tried is called after the first delivery.
func (s *Server) deliverTrade(ctx context.Context, n notification, fate Fault, tried func()) {
	if n.url == "" {
		n.url = s.cfg.NotifyURL
	}
	if n.url == "" || fate.Kind == Lost {
		return
	}
	s.trade.mu.settled()
	body := tradeEnvelope(n)
	given := s.repeat(ctx, fate, n.pauses, tried, func() bool {
		copies, taken := s.sendCopies(fate, func() bool {
			status, answer := s.postTrade(ctx, n, body, callbackTimeout)
			return status == http.StatusOK && isSuccess(answer)
		})
		s.trade.mu.Lock()
		n.state.Deliveries += copies
		n.state.Answered = n.state.Answered || taken
		s.trade.mu.touch(n.of)
		s.trade.mu.Unlock()
		if taken {
			s.stats.answered(n.op, 0)
		}
		return taken
	})
	if !given {
		s.cfg.Log.Warn().Str("type", n.kind).Str("number", n.number).Msg("simulator: callback of trade given up")
	}
}

// sendCopies sends once, or twice at the same time when the fate is a duplicate, and tells whether
// all were taken.
func (s *Server) sendCopies(fate Fault, send func() bool) (copies int, taken bool) {
	copies = 1
	if fate.Kind == Duplicate {
		copies = 2
	}
	ends := make([]bool, copies)
	var all sync.WaitGroup
	for i := range copies {
		all.Go(func() { ends[i] = send() })
	}
	all.Wait()
	return copies, !slices.Contains(ends, false)
}

// tradeEnvelope is the body of a callback: exactly these three keys, as a logged one has them.
func tradeEnvelope(n notification) []byte {
	return appendJSON(nil, struct {
		Version string `json:"version"`
		Msg     string `json:"msg"`
		Type    string `json:"type"`
	}{"3.0", string(appendJSON(nil, n.msg)), n.kind})
}

// identifyNames are Byte-Identifyname; only that of payments was published.
var identifyNames = map[string]string{
	"payment": "/msg/basic/payment/notify", "refund": "/msg/basic/refund/notify", "settle": "/msg/basic/settle/notify",
	"pre_create_refund": "/ext/basic/refund/pre_create",
}

const nonceLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// nonce has 32 letters and digits, as logged ones have.
func (s *Server) nonce() string {
	out := make([]byte, 32)
	for i := range out {
		out[i] = nonceLetters[s.random()%uint64(len(nonceLetters))]
	}
	return string(out)
}

// postTrade signs and sends one delivery and returns its answer; status 0: there was none. Every
// delivery is signed afresh (UNCONFIRMED whether Douyin does so).
func (s *Server) postTrade(ctx context.Context, n notification, body []byte, within time.Duration) (status int, answer []byte) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	timestamp, nonce := strconv.FormatInt(s.cfg.Now().Unix(), 10), s.nonce()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Byte-Env", "prod")
	req.Header.Set("Byte-Eventid", "basic_industry_"+identifyNames[n.kind]+"_"+n.app+"_"+n.number)
	req.Header.Set("Byte-Identifyname", identifyNames[n.kind])
	req.Header.Set("Byte-Logid", strings.ToUpper(s.logID()))
	req.Header.Set("Byte-Timestamp", timestamp)
	req.Header.Set("Byte-Nonce-Str", nonce)
	req.Header.Set("Byte-Signature", byteSignature(s.platformKey(), timestamp, nonce, body))
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

// extensionAnswer is what the shop says to pre_create_refund.
type extensionAnswer struct {
	outRefundNo, notifyURL string
	text                   string // data in one form, to compare two answers
}

var extensionRules = []fieldRule{
	{"err_no", true, isOneOfInts(0)},
	{"err_tips", false, isText(0, 1024)},
	{"data", true, isObject(
		fieldRule{"out_refund_no", true, isText(1, 64)}, fieldRule{"order_entry_schema", true, isSchema}, fieldRule{"notify_url", false, isAddress})},
}

// readExtensionAnswer reads an answer to pre_create_refund; wrong says what Douyin would not take.
func readExtensionAnswer(status int, body []byte) (a extensionAnswer, wrong string) {
	if status != http.StatusOK {
		return a, fmt.Sprintf("HTTP %d, or no answer in time", status)
	}
	v, err := tree(body)
	if err != nil {
		return a, err.Error()
	}
	if f := v.obey(extensionRules); f != nil {
		return a, f.text()
	}
	data := v.find("data")
	schema := data.find("order_entry_schema")
	text, err := json.Marshal([]string{data.str("out_refund_no"), schema.str("path"), schema.str("params"), data.str("notify_url")})
	if err != nil {
		return a, err.Error()
	}
	return extensionAnswer{data.str("out_refund_no"), data.str("notify_url"), string(text)}, ""
}
