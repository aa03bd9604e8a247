package douyin

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestEveryExchangeIsReportedWithItsEnd(t *testing.T) {
	type report struct {
		op   string
		kind Kind // 0: none
		sent bool
	}
	var got []report
	f := newFar(t, reply{body: `{"err_code":40004,"err_msg":"access_token error"}`}, reply{body: ok200})
	c := newTestClient(t, f.URL, &fakeTokens{list: []string{"old", "new"}}, func(cfg *Config) {
		cfg.OnCall = func(op string, took time.Duration, err error) {
			r := report{op: op, sent: took > 0}
			var e *Error
			if errors.As(err, &e) {
				r.kind = e.Kind
			}
			got = append(got, r)
		}
	})
	if _, err := c.PushOrder(t.Context(), anOrder()); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.PushOrder(gone, anOrder()); err == nil {
		t.Fatal("pushed after its context had ended")
	}
	want := []report{{OpOrderPush, Unauthorized, true}, {OpOrderPush, 0, true}, {OpOrderPush, Unavailable, false}}
	if !slices.Equal(got, want) {
		t.Errorf("reported %+v, want %+v", got, want)
	}
}
