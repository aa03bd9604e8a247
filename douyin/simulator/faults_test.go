package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// exchange sends a body over a real connection of its own.
func exchange(ctx context.Context, t *testing.T, url, body string) (status int, header http.Header, answer string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b), err
}

func overTCP(t *testing.T, cfg Config) (s *Server, url string) {
	t.Helper()
	s, end := newNoted(t, cfg)
	srv := httptest.NewServer(s)
	t.Cleanup(func() { // in this order: the simulator lets go of what hangs, then the server can drain
		end()
		srv.Close()
	})
	return s, srv.URL
}

func TestEveryFaultOverARealConnection(t *testing.T) {
	tests := []struct {
		kind     Kind
		status   []int // none: the connection ends without an answer
		contains string
		held     bool // it takes effect all the same
		lost     bool
	}{
		{kind: ServerError, status: []int{500, 502, 503}, contains: "<html>"},
		{kind: BadRequest, status: []int{400}, contains: "<html>"},
		{kind: TooMany, status: []int{429}},
		{kind: Busy, status: []int{200}, contains: `"err_code":1001`},
		{kind: SystemError, status: []int{200}, contains: `"err_code":-1`},
		{kind: SystemErrorAfter, status: []int{200}, contains: `"err_code":-1`, held: true, lost: true},
		{kind: Garbage, status: []int{200}, contains: `"err_`},
		{kind: GarbageAfter, status: []int{200}, contains: `"err_`, held: true, lost: true},
		{kind: Hang},
		{kind: CutBefore},
		{kind: CutAfter, held: true, lost: true},
		{kind: TokenRevoked, status: []int{200}, contains: `"err_code":40004`},
		{kind: Latency, status: []int{200}, contains: `"err_code":0`, held: true},
	}
	ofCalls := 0
	for _, k := range kinds {
		if k.class() == callClass {
			ofCalls++
		}
	}
	if len(tests) != ofCalls {
		t.Fatalf("%d kinds are tested, there are %d", len(tests), ofCalls)
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			s, url := overTCP(t, Config{})
			token := fetch(t, s)
			if err := s.SetFaults(Plan{Faults: []Fault{{Op: "order.push", Kind: tt.kind, Count: 1, DelayMS: 1, RetryAfterS: 7}}}); err != nil {
				t.Fatal(err)
			}
			status, header, answer, err := exchange(t.Context(), t, url+pushPath, orderPush(token, "1", "已支付", "1768634595123"))
			if len(tt.status) == 0 {
				if err == nil {
					t.Fatalf("answered HTTP %d %s, want none", status, answer)
				}
			} else {
				right := false
				for _, st := range tt.status {
					right = right || st == status
				}
				if err != nil || !right || !strings.Contains(answer, tt.contains) {
					t.Fatalf("HTTP %d %q (%v), want one of %v with %q", status, answer, err, tt.status, tt.contains)
				}
			}
			if tt.kind == TooMany && header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After %q, want 7", header.Get("Retry-After"))
			}
			if (tt.kind == Garbage || tt.kind == GarbageAfter) && json.Valid([]byte(answer)) {
				t.Errorf("garbage is valid JSON: %s", answer)
			}
			o := mustOrder(t, s, "7")
			if o.Held != tt.held || o.AnswersLost > 0 != tt.lost {
				t.Errorf("held %v, answers lost %d; want %v, %v", o.Held, o.AnswersLost, tt.held, tt.lost)
			}
			if p := o.History[0]; tt.kind != Latency && p.Fault != tt.kind {
				t.Errorf("the history names fault %q, want %q", p.Fault, tt.kind)
			}
			if got := s.Stats().Calls["order.push"].Faults[tt.kind]; tt.kind != Latency && got != 1 {
				t.Errorf("%d faults counted, want 1", got)
			}
			// The count is used up: the next push goes through.
			if _, _, answer, err := exchange(t.Context(), t, url+pushPath, orderPush(fetch(t, s), "1", "已支付", "1768634595124")); err != nil || !strings.Contains(answer, `"err_code":0`) {
				t.Errorf("the push after: %q, %v", answer, err)
			}
		})
	}
}

func TestAHangEndsWhenTheClientGoesAway(t *testing.T) {
	s, url := overTCP(t, Config{HangBound: time.Hour})
	if err := s.SetFaults(Plan{Faults: []Fault{{Kind: Hang}}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, _, err := exchange(ctx, t, url+pushPath, `{}`); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
}

func TestCloseEndsAHang(t *testing.T) {
	s, url := overTCP(t, Config{HangBound: time.Hour})
	if err := s.SetFaults(Plan{Faults: []Fault{{Kind: Hang}}}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, _, _, err := exchange(t.Context(), t, url+pushPath, `{}`)
		ended <- err
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for s.Stats().Calls["order.push"].Faults[Hang] == 0 {
		<-tick.C
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("the hang was answered")
	}
}

func TestTheFirstTwoPushesOfOneOrderCanBeMadeToFail(t *testing.T) {
	s := newSim(t, Config{})
	token := fetch(t, s)
	plan, err := ParsePlan([]byte(`{"faults":[{"op":"order.push","kind":"busy","order_id":"7","count":2}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetFaults(plan); err != nil {
		t.Fatal(err)
	}
	seven := orderPush(token, "1", "已支付", "1768634595123")
	eight := strings.Replace(seven, `\"7\"`, `\"8\"`, 1)
	var got []int
	for _, body := range []string{eight, seven, eight, seven, seven} {
		code, _ := push(t, s, body)
		got = append(got, code)
	}
	for i, want := range []int{0, 1001, 0, 1001, 0} {
		if got[i] != want {
			t.Fatalf("codes %v, want 0 1001 0 1001 0", got)
		}
	}
}

func TestPerOrderBoundsEachOrderByItself(t *testing.T) {
	s := newSim(t, Config{})
	token := fetch(t, s)
	if err := s.SetFaults(Plan{Faults: []Fault{{Op: "order.push", Kind: SystemError, PerOrder: 1}}}); err != nil {
		t.Fatal(err)
	}
	seven := orderPush(token, "1", "已支付", "1768634595123")
	eight := strings.Replace(seven, `\"7\"`, `\"8\"`, 1)
	for i, step := range []struct {
		body string
		code int
	}{{seven, -1}, {seven, 0}, {eight, -1}, {eight, 0}} {
		if code, _ := push(t, s, step.body); code != step.code {
			t.Errorf("push %d: %d, want %d", i, code, step.code)
		}
	}
}

// fates is what a script decides for three calls of each of 200 orders, taken in the given
// direction.
func fates(seed uint64, backwards bool) map[string][]Kind {
	sc := newScript(Plan{Profile: "storm"}, seed)
	out := map[string][]Kind{}
	for i := range 600 {
		n := i
		if backwards {
			n = 599 - i
		}
		key := "order-" + string(rune('a'+n%200%26)) + string(rune('a'+n%200/26))
		v, kind := sc.pick(opPush, []byte(key)), Kind("")
		if v.fault != nil {
			kind = v.fault.Kind
		}
		out[key] = append(out[key], kind)
	}
	return out
}

func TestTheSameSeedGivesEveryOrderTheSameFate(t *testing.T) {
	a, b, other := fates(1, false), fates(1, true), fates(2, false)
	same, differs, failed := true, false, 0
	for key := range a {
		for i := range a[key] {
			same = same && a[key][i] == b[key][i]
			differs = differs || a[key][i] != other[key][i]
			if a[key][i] != "" {
				failed++
			}
		}
	}
	if !same {
		t.Error("the order of arrival changed an order's fate")
	}
	if !differs {
		t.Error("another seed gave the same fates")
	}
	if failed < 200 || failed > 400 {
		t.Errorf("%d of 600 calls failed in a storm, want about half", failed)
	}
}

func TestAWrongPlanIsRefusedWithEveryReason(t *testing.T) {
	_, err := ParsePlan([]byte(`{"profile":"gale","faults":[{"op":"order.pull","kind":"4xx","probability":1.5,"count":-1},{"kind":"token_revoked"}]}`))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"gale", "order.pull", "4xx", "probability", "negative", "faults[1]"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q: %v", want, err)
		}
	}
	for _, text := range []string{``, `gale`, `{"faultz":[]}`, `{} {}`} {
		if _, err := ParsePlan([]byte(text)); err == nil {
			t.Errorf("ParsePlan(%q): no error", text)
		}
	}
	for name := range profiles {
		p, err := ParsePlan([]byte(name + "\n"))
		if err != nil || p.Profile != name {
			t.Errorf("ParsePlan(%q): %+v, %v", name, p, err)
		}
		if err := (Plan{Faults: profiles[name]}).Validate(); err != nil {
			t.Errorf("profile %s: %v", name, err)
		}
	}
}
