package gateway

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// bells are the calls that a Flood waits for, rung by the test.
type bells struct{ waiting []func() }

func (b *bells) after(_ time.Duration, f func()) { b.waiting = append(b.waiting, f) }

func (b *bells) ring() {
	now := b.waiting
	b.waiting = nil
	for _, f := range now {
		f()
	}
}

func TestOfAFloodTheFirstLineAndACountAreWritten(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var b bells
	f := Flood{Log: zerolog.New(&log), After: b.after}
	written := 0
	for range 1000 {
		if f.Admit("http 401") {
			written++
		}
	}
	if written != 1 || !f.Admit("http 403") {
		t.Errorf("%d lines of one kind, or another kind is held back too", written)
	}
	b.ring()
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `"lines":"http 401","left_out":999,"within":10000`) {
		t.Errorf("%s", got)
	}
	f.Admit("http 401")
	f.Admit("http 401")
	b.ring()
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, `"left_out":2`) {
		t.Errorf("%s", got)
	}
	b.ring() // none came: it is over, and nobody waits any more
	if len(b.waiting) != 0 || len(f.open) != 0 || !f.Admit("http 401") {
		t.Errorf("the watch goes on: %v", f.open)
	}
}

// 401s and forged callbacks wrote 2 MB of log a second.
func TestStrangersCannotFillTheLog(t *testing.T) {
	t.Parallel()
	c, counts := &fakeCallbacks{}, map[CallbackResult]int{}
	f := setUp(t, withCallbacks(c, counts))
	forged := strings.Replace(signedCallback, "d840", "d841", 1)
	for range 300 {
		f.ask("POST", "/v1/orders/1/push", "", without("Authorization"))
		f.ask("POST", "/callbacks/douyin", forged, without("Authorization"))
		f.ask("GET", "/openapi.yaml", "", without("Authorization"))
		f.ask("POST", "/healthz", "", without("Authorization"))
	}
	if n := strings.Count(f.log.String(), "\n"); n != 4 {
		t.Errorf("%d lines of 1200 requests, want one of each kind:\n%.2000s", n, f.log)
	}
	if counts[CallbackForged] != 300 {
		t.Errorf("counted %v", counts)
	}
	before := strings.Count(f.log.String(), "\n")
	for range 5 { // whoever is let in has every line
		f.ask("POST", "/v1/orders/1/push", "")
		f.ask("POST", "/v1/orders/%20/push", "")
		f.ask("POST", "/callbacks/douyin", signedCallback)
	}
	if n := strings.Count(f.log.String(), "\n") - before; n != 15 {
		t.Errorf("%d lines of 15 requests that were let in", n)
	}
	if w := f.ask("POST", "/v1/orders/1/push", "", without("Authorization")); w.Code != http.StatusUnauthorized {
		t.Errorf("HTTP %d", w.Code)
	}
}
