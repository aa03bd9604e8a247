package scheduler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store"
)

// raw is a callback's body, byte for byte, as Douyin might send it.
const raw = `{"timestamp":"1652675265","nonce":"9999", "msg":"{\"appid\":\"tt1\",\"cp_refundno\":\"R1\"}","type":"refund","msg_signature":"c9df04a4"}` + "\n"

// parcels are callbacks for the shop's handler, and what became of them.
type parcels struct {
	due      []store.Forward
	claimErr error
	claimed  [2]time.Time // at, until
	done     []int64
	until    map[int64]time.Time
	givenUp  []int64
	message  string
	fail     map[int64]error // of Forwarded
}

func (p *parcels) ClaimForwards(_ context.Context, now, until time.Time, limit int) ([]store.Forward, error) {
	p.claimed = [2]time.Time{now, until}
	due := p.due[:min(limit, len(p.due))]
	p.due = p.due[len(due):]
	return due, p.claimErr
}

func (p *parcels) Forwarded(_ context.Context, id int64, _ time.Time) error {
	if err := p.fail[id]; err != nil {
		return err
	}
	p.done = append(p.done, id)
	return nil
}

func (p *parcels) PostponeForward(ctx context.Context, id int64, until time.Time, message string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.until == nil {
		p.until = map[int64]time.Time{}
	}
	p.until[id], p.message = until, message
	return nil
}

func (p *parcels) GiveUpForward(_ context.Context, id int64, message string) error {
	p.givenUp, p.message = append(p.givenUp, id), message
	return nil
}

func forward(p *parcels, url string) *Forward {
	return &Forward{Rows: p, URL: url, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
}

// handlerThat is the shop's handler.
func handlerThat(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestTheBodyArrivesUntouched(t *testing.T) {
	var got []byte
	var head http.Header
	url := handlerThat(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		head = r.Header
		_, _ = io.WriteString(w, `{"err_no":0,"err_tips":"success"}`)
	})
	p := &parcels{due: []store.Forward{{ID: 7, Raw: []byte(raw)}}}
	if more := tick(t, forward(p, url).Tick); more {
		t.Error("asked for more")
	}
	if string(got) != raw || head.Get("Content-Type") != "application/json" {
		t.Errorf("the shop got %q with %v", got, head)
	}
	if len(p.done) != 1 || p.done[0] != 7 || len(p.until) > 0 {
		t.Errorf("done %v, put off %v", p.done, p.until)
	}
	if p.claimed != [2]time.Time{noon, noon.Add(forwardClaim)} || forwardClaim <= forwardBatch*forwardTimeout {
		t.Errorf("claimed %v: another scheduler may take a callback of a slow batch", p.claimed)
	}
}

// Without its headers the shop's handler could not verify a callback of trade.
func TestTheHeadersOfDouyinsArriveWithTheBody(t *testing.T) {
	var head http.Header
	url := handlerThat(t, func(w http.ResponseWriter, r *http.Request) {
		head = r.Header
		_, _ = io.WriteString(w, `{"err_no":0,"err_tips":"success","data":{"out_refund_no":"the shop's"}}`)
	})
	p := &parcels{due: []store.Forward{
		{ID: 7, Raw: []byte(raw), Headers: `{"Byte-Signature":["d42b+/=="],"Byte-Nonce-Str":["n"],"Host":["evil.example"],"Content-Type":["text/plain"]}`},
	}}
	tick(t, forward(p, url).Tick)
	if head.Get("Byte-Signature") != "d42b+/==" || head.Get("Byte-Nonce-Str") != "n" || head.Get("Host") != "" || head.Get("Content-Type") != "application/json" {
		t.Errorf("the shop got %v", head)
	}
	if len(p.done) != 1 {
		t.Errorf("done %v, %s", p.done, p.message)
	}
	p = &parcels{due: []store.Forward{{ID: 8, Raw: []byte(raw), Headers: `{`}}}
	if tick(t, forward(p, url).Tick); len(p.done) != 0 || !strings.Contains(p.message, "ordersync_callback.headers") {
		t.Errorf("done %v, %s", p.done, p.message)
	}
}

func TestOnlyDouyinsSuccessIsSuccess(t *testing.T) {
	elsewhere := 0
	other := handlerThat(t, func(w http.ResponseWriter, _ *http.Request) {
		elsewhere++
		_, _ = io.WriteString(w, `{"err_no":0}`)
	})
	for name, c := range map[string]struct {
		status  int
		body    string
		done    bool
		message string
	}{
		"success":               {200, `{"err_no":0,"err_tips":"success"}`, true, ""},
		"success, and more":     {200, ` {"x":[1],"err_no":0} `, true, ""},
		"err_no":                {200, `{"err_no":400,"err_tips":"no"}`, false, "answered err_no 400"},
		"no err_no":             {200, `{"err_tips":"success"}`, false, "something else"},
		"text":                  {200, `success`, false, "something else"},
		"nothing":               {200, ``, false, "something else"},
		"null":                  {200, `{"err_no":null}`, false, "something else"},
		"a warning before it":   {200, `Notice: x {"err_no":0}`, false, "something else"},
		"a page":                {200, strings.Repeat("x", 1<<20), false, "something else"},
		"HTTP 500, success":     {500, `{"err_no":0}`, false, "HTTP 500"},
		"HTTP 201, success":     {201, `{"err_no":0}`, false, "HTTP 201"},
		"a redirect, body kept": {307, `{"err_no":0}`, false, "HTTP 307"},
		"a redirect, body lost": {302, `{"err_no":0}`, false, "HTTP 302"},
	} {
		url := handlerThat(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", other)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		p := &parcels{due: []store.Forward{{ID: 7, Raw: []byte(raw)}}}
		tick(t, forward(p, url).Tick)
		if (len(p.done) == 1) != c.done || !strings.Contains(p.message, c.message) {
			t.Errorf("%s: done %v, %q; want %v, %q", name, p.done, p.message, c.done, c.message)
		}
		if until := p.until[7]; !c.done && !until.Equal(noon.Add(15*time.Second)) {
			t.Errorf("%s: again at %v", name, until)
		}
	}
	if elsewhere > 0 {
		t.Error("a redirect was followed: the callback went where nobody had said")
	}
}

func TestTheRetriesFollowDouyinsSchedule(t *testing.T) {
	f := &Forward{Now: func() time.Time { return noon }}
	var waits []string
	total := time.Duration(0)
	n := 0
	for ; n < 100; n++ {
		at, more := f.next(n)
		if !more {
			break
		}
		total += at.Sub(noon)
		if n < 16 {
			waits = append(waits, at.Sub(noon).String())
		}
	}
	want := "15s 15s 30s 3m0s 10m0s 20m0s 30m0s 30m0s 30m0s 1h0m0s 3h0m0s 3h0m0s 3h0m0s 6h0m0s 6h0m0s 6h0m0s"
	if got := strings.Join(waits, " "); got != want {
		t.Errorf("waits %s, want %s", got, want)
	}
	if total < forwardFor || total > forwardFor+12*time.Hour {
		t.Errorf("given up after %d tries and %v", n+1, total)
	}
}

func TestAFullBatchAsksForMore(t *testing.T) {
	url := handlerThat(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"err_no":0}`) })
	p := &parcels{due: make([]store.Forward, forwardBatch+1)}
	f := forward(p, url)
	if more := tick(t, f.Tick); !more {
		t.Error("a full batch must ask for more")
	}
	if more := tick(t, f.Tick); more || len(p.done) != forwardBatch+1 {
		t.Errorf("more %v, %d done", more, len(p.done))
	}
	p.claimErr = errGone
	if _, err := f.Tick(t.Context()); !errors.Is(err, errGone) {
		t.Error(err)
	}
}

// The bug: what a scheduler had claimed when a deploy stopped it waited until the claim was over,
// more than four minutes.
func TestADeliveryThatWasInterruptedComesAgainAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := handlerThat(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	})
	p := &parcels{due: []store.Forward{{ID: 7, Raw: []byte(raw)}, {ID: 8, Raw: []byte(raw)}}}
	if _, err := forward(p, url).Tick(ctx); !errors.Is(err, context.Canceled) || len(p.done) > 0 {
		t.Errorf("%v, done %v", err, p.done)
	}
	for _, id := range []int64{7, 8} {
		if at := p.until[id]; !at.Equal(noon) {
			t.Errorf("callback %d is due at %v, want at once", id, at)
		}
	}
}

// The bug: the URL stood in the log and in ordersync_callback, with whatever secret the shop had
// put into it.
func TestTheURLsSecretsAreNowhere(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	addr := strings.TrimPrefix(gone.URL, "http://")
	gone.Close()
	for _, url := range []string{"http://user:hush1@" + addr + "/hush2?token=hush3", "http://bad host/hush2?token=hush3", "http://[::1/hush2%zz"} {
		p := &parcels{due: []store.Forward{{ID: 7, Type: "refund", Number: "R1", Raw: []byte(raw)}}}
		f := forward(p, url)
		var log bytes.Buffer
		f.Log = zerolog.New(&log)
		tick(t, f.Tick)
		if p.message == "" || strings.Contains(p.message, "hush") || strings.Contains(log.String(), "hush") || !strings.Contains(log.String(), `"number":"R1"`) {
			t.Errorf("message %q, log %s", p.message, log.String())
		}
	}
}

// With the real store: two schedulers deliver each callback once, and a refusal is tried again
// until it is taken.
func TestCallbacksAreForwardedFromTheStore(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		var bodies []string
		refuse := true
		url := handlerThat(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			if refuse {
				_, _ = io.WriteString(w, `{"err_no":1}`)
				return
			}
			_, _ = io.WriteString(w, `{"err_no":0}`)
		})
		c := store.Callback{Type: "refund", Number: "R1", Status: "SUCCESS", Raw: []byte(raw), At: noon, Forward: true}
		for range 2 { // redelivered
			if _, err := e.store.AcceptCallback(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		a := &Forward{Rows: e.store, URL: url, Now: e.clock, Log: zerolog.Nop()}
		b := &Forward{Rows: e.newStore(), URL: url, Now: e.clock, Log: zerolog.Nop()}
		for _, f := range []*Forward{a, b} {
			tick(t, f.Tick)
		}
		if len(bodies) != 1 {
			t.Fatalf("delivered %d times", len(bodies))
		}
		e.pass(15 * time.Second)
		refuse = false
		for _, f := range []*Forward{b, a} {
			tick(t, f.Tick)
			e.pass(24 * time.Hour)
		}
		if len(bodies) != 2 || bodies[0] != raw || bodies[1] != raw {
			t.Errorf("delivered %q", bodies)
		}
	})
}

// The bug: that the shop's handler had never taken a callback was a line of the log, and nobody was
// shown it.
func TestACallbackThatIsNeverTakenIsAnAlarm(t *testing.T) {
	onBoth(t, store.DefaultSchema(), func(t *testing.T, e *env) {
		url := handlerThat(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		c := store.Callback{Type: "other", Number: "N1", Raw: []byte(raw), At: noon, Forward: true}
		if _, err := e.store.AcceptCallback(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		f := &Forward{Rows: e.store, URL: url, Now: e.clock, Log: zerolog.Nop()}
		open := func() []store.KeptCallback {
			all, err := e.store.CallbackAlarms(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		tick(t, f.Tick)
		if all := open(); len(all) > 0 {
			t.Errorf("it is still tried: %+v", all)
		}
		for range 50 { // 14 deliveries on the first day's steps, then one every six hours for six days
			e.pass(6 * time.Hour)
			tick(t, f.Tick)
		}
		if all := open(); len(all) != 1 || all[0].Alarm != store.AlarmUndelivered || all[0].Number != "N1" || all[0].Note != "answered HTTP 502" {
			t.Errorf("given up: %+v", all)
		}
	})
}
