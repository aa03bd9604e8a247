package journeys

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// postOffice: Douyin's callbacks go through it to whichever gateway lives at the moment, and it remembers them byte for byte.
type postOffice struct {
	gateway func() string // host:port

	mu       sync.Mutex
	seen     map[string]bool           // body -> answered with success
	answers  map[string]map[string]int // body -> what it was answered with, and how often
	answered int
}

func (p *postOffice) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	p.note(body, nil)
	status, answer, err := p.deliver(r.Context(), body, r.Header)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway) // no gateway lives: Douyin comes again
		return
	}
	if status == http.StatusOK {
		p.note(body, answer)
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

func (p *postOffice) deliver(ctx context.Context, body []byte, headers http.Header) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.gateway()+"/callbacks/douyin", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	for name, values := range headers {
		if strings.HasPrefix(name, "Byte-") {
			r.Header[name] = values
		}
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer got.Body.Close() //nolint:errcheck // it was read
	answer, err = io.ReadAll(got.Body)
	return got.StatusCode, answer, err
}

// note remembers a letter; answer is nil where it has none, or none of success.
func (p *postOffice) note(body, answer []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen, p.answers = map[string]bool{}, map[string]map[string]int{}
	}
	p.seen[string(body)] = p.seen[string(body)] || answer != nil
	if answer == nil {
		return
	}
	p.answered++
	if p.answers[string(body)] == nil {
		p.answers[string(body)] = map[string]int{}
	}
	p.answers[string(body)][string(answer)]++
}

// answersTo are what letters of a type were answered with, and how often.
func (p *postOffice) answersTo(kind string) (all []map[string]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for body, answers := range p.answers {
		if strings.Contains(body, `"type":"`+kind+`"`) {
			all = append(all, maps.Clone(answers))
		}
	}
	return all
}

// letters are the bodies that came, with whether the gateway has taken them.
func (p *postOffice) letters() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string]bool, len(p.seen))
	for body, answered := range p.seen {
		out[body] = answered
	}
	return out
}

// deliveries is how many the gateway has answered with success.
func (p *postOffice) deliveries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answered
}

// shopHandler is the shop's own PHP behind callbacks.forward_url. It has a bad start: it fails at the first delivery of many callbacks,
// in all the ways in which PHP fails.
type shopHandler struct {
	badStart int // so many callbacks

	mu     sync.Mutex
	tries  map[string]int  // by body
	taken  map[string]bool // bodies that it has answered with success
	failed int
}

func (h *shopHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tries == nil {
		h.tries, h.taken = map[string]int{}, map[string]bool{}
	}
	h.tries[string(body)]++
	if h.tries[string(body)] == 1 && h.failed < h.badStart {
		h.failed++
		hash := fnv.New32a()
		_, _ = hash.Write(body) // never fails
		switch hash.Sum32() % 4 {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			_, _ = w.Write([]byte("<br />\n<b>Fatal error</b>: Allowed memory size exhausted"))
		case 2:
			_, _ = w.Write([]byte(`{"err_no":400,"err_tips":"business fail"}`))
		case 3:
			panic(http.ErrAbortHandler) // no answer at all
		}
		return
	}
	h.taken[string(body)] = true
	_, _ = w.Write([]byte(`{"err_no":0,"err_tips":"success"}`))
}

// missing is how many of the letters that the gateway took the shop has not.
func (h *shopHandler) missing(letters map[string]bool) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for body, answered := range letters {
		if answered && !h.taken[body] {
			n++
		}
	}
	return n
}

func (h *shopHandler) failures() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

// forge posts callbacks that Douyin did not sign. Whoever made them knows everything but the token, and wants a refund that
// Douyin will let fail to look as if the buyer had got the money.
func (s *soak) forge() {
	s.t.Helper()
	msg, err := json.Marshal(map[string]any{
		"appid": "ttsoak", "cp_refundno": s.number(failsForGood), "status": "SUCCESS", "refund_amount": fen(failsForGood),
		"refund_no": "7398108028895054999", "cp_extra": canary, // must not be seen in a log
	})
	if err != nil {
		s.t.Fatal(err)
	}
	forged, err := douyin.EncodeCallback("somebody-elses-token", douyin.CallbackRefund, "1704067200", "4242", string(msg))
	if err != nil {
		s.t.Fatal(err)
	}
	bodies := map[string][]byte{"signed with another token": forged}
	for body := range s.post.letters() { // any real one of ecpay
		if !strings.Contains(body, "msg_signature") {
			continue
		}
		at := strings.Index(body, `\"status\"`)
		changed := []byte(body)
		changed[at+4] ^= 1
		bodies["one bit flipped"] = changed
		break
	}
	if len(bodies) != 2 {
		s.t.Fatal("no callback has come yet")
	}
	for how, body := range bodies {
		s.await("a forged callback is answered", func(ctx context.Context) (bool, string, error) {
			status, _, err := s.post.deliver(ctx, body, nil)
			if err == nil && status != http.StatusForbidden {
				s.t.Errorf("a callback %s is answered with HTTP %d, want 403", how, status)
			}
			return err == nil, "", err
		})
	}
	if n := s.shop.count(s.t, "SELECT COUNT(*) FROM ordersync_callback WHERE number = ? AND status = 'SUCCESS'", s.number(failsForGood)); n != 0 {
		s.t.Error("a forged callback was stored") // what else it might have changed, the ledger tells in the end
	}
}
