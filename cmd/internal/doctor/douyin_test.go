package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
)

type tokens struct {
	err       error
	age, left time.Duration
}

func (f tokens) Token(context.Context) (string, error) { return "token-canary", f.err }

func (f tokens) Life(
	context.Context,
) (age, left time.Duration, err error) {
	return f.age, f.left, nil
}

// payments is Douyin's answer to a question about a payment.
type payments struct{ err error }

func (f payments) QueryOrder(context.Context, string) (douyin.OrderPayment, douyin.Receipt, error) {
	return douyin.OrderPayment{}, douyin.Receipt{}, f.err
}

// unknown is what Douyin says of a payment that nobody made.
var unknown = payments{
	&douyin.Error{
		Op:   douyin.OpOrderQuery,
		Kind: douyin.Rejected,
		Code: 2000,
		Err:  douyin.ErrNotFound,
	},
}

func TestDouyin(t *testing.T) {
	cfg := configs.Douyin{
		BaseURL:       "https://developer.toutiao.com",
		AppID:         "tt1",
		Salt:          "salt-canary",
		CallbackToken: "x",
	}
	got := Douyin(t.Context(), cfg, tokens{}, unknown)
	if len(got) != 2 ||
		got[0].String() != "ok    douyin: token from developer.toutiao.com for tt1" ||
		got[1].Level != OK {
		t.Errorf("results = %v", got)
	}
	got = Douyin(t.Context(), cfg, tokens{age: time.Minute, left: time.Hour}, unknown)
	if want := "ok    douyin: a token for tt1 is cached since 1m0s, for 1h0m0s more; developer.toutiao.com was not asked for one"; got[0].String() != want {
		t.Errorf("%s, want %s", got[0], want)
	}
	got = Douyin(
		t.Context(),
		configs.Douyin{BaseURL: cfg.BaseURL},
		tokens{err: errors.New("refused\nhere")},
		payments{errors.New("asked without a salt")},
	)
	if len(got) != 3 || got[0].Level != Failure || got[1].Level != Warning ||
		got[2].Level != Warning {
		t.Errorf("results = %v, want a failure and two warnings", got)
	}
	for _, r := range got {
		if s := r.String(); strings.Contains(s, "\n") || strings.Contains(s, "canary") ||
			r.Cure == "" {
			t.Errorf("line %q: want one line, no secret, a cure", s)
		}
	}
}

// A token in the cache says nothing of the salt, nor of whether Douyin answers now.
func TestDouyinIsAskedASignedQuestion(t *testing.T) {
	cfg := configs.Douyin{BaseURL: "https://d.example", AppID: "tt1", Salt: "s", CallbackToken: "x"}
	for name, tt := range map[string]struct {
		err   error
		level Level
		want  string
	}{
		"no answer":        {&douyin.Error{Op: douyin.OpOrderQuery, Kind: douyin.Unavailable, Err: errors.New("refused")}, Failure, "can be reached"},
		"wrong salt":       {&douyin.Error{Op: douyin.OpOrderQuery, Kind: douyin.Rejected, Code: 2008, Message: "签名校验失败"}, Failure, "douyin.salt"},
		"a strange number": {&douyin.Error{Op: douyin.OpOrderQuery, Kind: douyin.Rejected, Code: 9999}, Warning, "code 9999"},
	} {
		got := Douyin(t.Context(), cfg, tokens{left: time.Hour}, payments{tt.err})
		if len(got) != 2 || got[1].Level != tt.level ||
			!strings.Contains(got[1].String(), tt.want) {
			t.Errorf("%s: %v, want %v with %q", name, got, tt.level, tt.want)
		}
	}
}

// hanging is a cache in a Redis that does not answer.
type hanging struct{ tokens }

func (hanging) Life(ctx context.Context) (age, left time.Duration, err error) {
	<-ctx.Done()
	return 0, 0, &douyin.Error{Op: douyin.OpTokenCache, Kind: douyin.Unavailable, Err: ctx.Err()}
}

// inTime answers while there is time.
type inTime struct{ payments }

func (p inTime) QueryOrder(ctx context.Context, no string) (douyin.OrderPayment, douyin.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return douyin.OrderPayment{}, douyin.Receipt{}, &douyin.Error{Op: douyin.OpOrderQuery, Kind: douyin.Unavailable, Err: err}
	}
	return p.payments.QueryOrder(ctx, no)
}

// A frozen Redis used up the time of the question to Douyin, which was then said not to answer.
func TestAFrozenRedisIsNotDouyinsSilence(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	got := Douyin(ctx, configs.Douyin{BaseURL: "https://d.example", Salt: "s", CallbackToken: "c"}, hanging{}, inTime{unknown})
	if len(got) != 2 || got[0].Level != Failure || !strings.Contains(got[0].Cure, "Redis") || got[1].Level != OK {
		t.Errorf("%v", got)
	}
}
