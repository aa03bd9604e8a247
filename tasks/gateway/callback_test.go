package gateway

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/douyin"
)

const callbackToken = "cb_token_for_tests"

// signedCallback is vector DC1 (a refund) in its envelope, the timestamp as text.
const signedCallback = `{"timestamp":"1704067200","nonce":"4242","type":"refund","msg_signature":"d840033810ebeba65e54ca71ae014350a7342d99",` +
	`"msg":"{\"appid\":\"tt0123456789abcdef\",\"cp_refundno\":\"R20240101000001\",\"cp_extra\":\"\",\"status\":\"SUCCESS\",\"refund_amount\":100,\"is_all_settled\":false,\"refunded_at\":1704067200,\"message\":\"\",\"order_id\":\"7398108028895054107\",\"refund_no\":\"7398108028895054999\"}"}`

type fakeCallbacks struct {
	accepted []douyin.Callback
	raw      []string
	result   CallbackResult // empty: accepted
	err      error
}

func (c *fakeCallbacks) Accept(_ context.Context, cb douyin.Callback, raw []byte) (CallbackResult, error) {
	if c.err != nil {
		return "", c.err
	}
	c.accepted, c.raw = append(c.accepted, cb), append(c.raw, string(raw))
	return cmp.Or(c.result, CallbackAccepted), nil
}

func withCallbacks(c *fakeCallbacks, counts map[CallbackResult]int) func(*Config, *Parts) {
	return func(cfg *Config, p *Parts) {
		cfg.CallbackTokens = []string{"the-new-token", callbackToken}
		cfg.OnCallback = func(_ CallbackSystem, r CallbackResult) { counts[r]++ }
		p.Callbacks = c
	}
}

func TestACallbackIsStoredBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	c, counts := &fakeCallbacks{}, map[CallbackResult]int{}
	f := setUp(t, withCallbacks(c, counts))
	// Douyin sends no bearer token.
	wantJSON(t, f.ask("POST", "/callbacks/douyin", signedCallback, without("Authorization")), http.StatusOK, `{"err_no":0,"err_tips":"success"}`)
	if len(c.accepted) != 1 || c.raw[0] != signedCallback {
		t.Fatalf("stored %q", c.raw)
	}
	if got := c.accepted[0]; got.Type != "refund" || got.Number() != "R20240101000001" {
		t.Errorf("accepted %+v", got)
	}
	if counts[CallbackAccepted] != 1 || len(counts) != 1 {
		t.Errorf("counted %v", counts)
	}
}

// The type is not signed: without one, or with one that is no text, a signed callback is taken all
// the same.
func TestASignedCallbackWithoutATypeIsTaken(t *testing.T) {
	t.Parallel()
	for _, with := range []string{``, `"type":["refund"],`, `"type":{},`} {
		c, counts := &fakeCallbacks{result: CallbackMalformed}, map[CallbackResult]int{}
		f := setUp(t, withCallbacks(c, counts))
		body := strings.Replace(signedCallback, `"type":"refund",`, with, 1)
		wantJSON(t, f.ask("POST", "/callbacks/douyin", body), http.StatusOK, `{"err_no":0,"err_tips":"success"}`)
		if len(c.accepted) != 1 || c.raw[0] != body || c.accepted[0].Unread != "type" {
			t.Errorf("%s: %+v", with, c.accepted)
		}
		forged := strings.Replace(body, "4242", "4243", 1)
		if w := f.ask("POST", "/callbacks/douyin", forged); w.Code != http.StatusForbidden || len(c.accepted) != 1 {
			t.Errorf("%s, forged: %d", with, w.Code)
		}
	}
}

func TestACallbackThatIsNotStoredIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	c, counts := &fakeCallbacks{err: errDown}, map[CallbackResult]int{}
	f := setUp(t, withCallbacks(c, counts))
	w := f.ask("POST", "/callbacks/douyin", signedCallback)
	wantJSON(t, w, http.StatusInternalServerError, `{"err_no":500,"err_tips":"not stored: deliver again"}`)
	if counts[CallbackFailed] != 1 || !strings.Contains(f.log.String(), "10.0.0.9") {
		t.Errorf("counted %v, log %s", counts, f.log)
	}
}

func TestAForgedCallbackIsRefusedCountedAndNotLogged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
		result CallbackResult
	}{
		"another amount":    {strings.Replace(signedCallback, `\"refund_amount\":100`, `\"refund_amount\":900`, 1), 403, CallbackForged},
		"another type":      {strings.Replace(signedCallback, `"type":"refund"`, `"type":"payment"`, 1), 403, CallbackForged},
		"another signature": {strings.Replace(signedCallback, "d840", "d841", 1), 403, CallbackForged},
		"no signature":      {strings.Replace(signedCallback, "msg_signature", "signature", 1), 403, CallbackForged},
		"not JSON":          {"R20240101000001", 403, CallbackForged},
		"empty":             {"", 403, CallbackForged},
		"too large":         {signedCallback + strings.Repeat(" ", 64<<10), 413, CallbackForged},
	} {
		t.Run(name, func(t *testing.T) {
			cb, counts := &fakeCallbacks{}, map[CallbackResult]int{}
			f := setUp(t, withCallbacks(cb, counts))
			w := f.ask("POST", "/callbacks/douyin", c.body, without("Authorization"))
			if w.Code != c.status || strings.Contains(w.Body.String(), `"err_no":0`) || !strings.Contains(w.Body.String(), `"err_no":`) {
				t.Errorf("HTTP %d %s, want %d", w.Code, w.Body, c.status)
			}
			if len(cb.accepted) != 0 {
				t.Error("stored")
			}
			if counts[c.result] != 1 || len(counts) != 1 {
				t.Errorf("counted %v", counts)
			}
			for _, part := range []string{"R20240101000001", "7398108028895054107", "tt0123456789abcdef", callbackToken} {
				if strings.Contains(f.log.String(), part) {
					t.Errorf("the log holds %q: %s", part, f.log)
				}
			}
		})
	}
}

// Signed and not understood, or another app's: it is kept and counted apart, and Douyin is told
// success. Delivering it again would not make it clearer, and after a day it would be gone.
func TestASignedCallbackIsTakenWhateverItSays(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"refund", "brand_new"} {
		body, err := douyin.EncodeCallback(callbackToken, kind, "1704067200", "4242", "cp_refundno")
		if err != nil {
			t.Fatal(err)
		}
		c, counts := &fakeCallbacks{result: CallbackMalformed}, map[CallbackResult]int{}
		f := setUp(t, withCallbacks(c, counts))
		w := f.ask("POST", "/callbacks/douyin", string(body))
		wantJSON(t, w, http.StatusOK, `{"err_no":0,"err_tips":"success"}`)
		if counts[CallbackMalformed] != 1 || len(counts) != 1 || len(c.accepted) != 1 || c.accepted[0].Unread == "" {
			t.Errorf("%s: counted %v, accepted %+v", kind, counts, c.accepted)
		}
	}
}

func TestWithoutACallbackTokenDouyinDeliversAgainLater(t *testing.T) {
	t.Parallel()
	c, counts := &fakeCallbacks{}, map[CallbackResult]int{}
	f := setUp(t, withCallbacks(c, counts), func(cfg *Config, _ *Parts) { cfg.CallbackTokens = []string{""} })
	w := f.ask("POST", "/callbacks/douyin", signedCallback)
	wantJSON(t, w, http.StatusServiceUnavailable, `{"err_no":503,"err_tips":"no callback token is configured"}`)
	if counts[CallbackFailed] != 1 {
		t.Errorf("counted %v", counts)
	}
}
