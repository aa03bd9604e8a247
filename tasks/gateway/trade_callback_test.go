package gateway

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	general "github.com/ordersync/ordersync/douyin/trade"
)

// platform signs as Douyin does. Its key is made for this run.
var platform = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// paidBody is a payment, byte for byte as Douyin sends it.
const paidBody = `{"version":"3.0","msg":"{\"app_id\":\"tt0123456789abcdef\",\"out_order_no\":\"T1\",\"order_id\":\"motb73383242802221734767173\",\"status\":\"SUCCESS\",` +
	`\"total_amount\":1990,\"discount_amount\":0,\"pay_channel\":1,\"event_time\":1708586777000,\"message\":\"\"}","type":"payment"}`

func byteSignature(t testing.TB, key *rsa.PrivateKey, body string) string {
	t.Helper()
	sum := sha256.Sum256([]byte("1708586777\nm7cgbhrKIYu9V94x\n" + body + "\n"))
	raw, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// signedBy adds the headers of a delivery.
func signedBy(t testing.TB, key *rsa.PrivateKey, body string) func(*http.Request) {
	t.Helper()
	signature := byteSignature(t, key, body)
	return func(r *http.Request) {
		r.Header.Set("Byte-Timestamp", "1708586777")
		r.Header.Set("Byte-Nonce-Str", "m7cgbhrKIYu9V94x")
		r.Header.Set("Byte-Signature", signature)
		r.Header.Set("Byte-Logid", "20240222152617458BC905C044040CE7DB")
	}
}

type fakeTradeCallbacks struct {
	accepted []general.Callback
	headers  []http.Header
	raw      []string
	answer   []byte
	err      error
}

func (c *fakeTradeCallbacks) AcceptTrade(_ context.Context, cb general.Callback, h http.Header, raw []byte) ([]byte, CallbackResult, error) {
	if c.err != nil {
		return nil, "", c.err
	}
	c.accepted, c.headers, c.raw = append(c.accepted, cb), append(c.headers, h), append(c.raw, string(raw))
	return c.answer, CallbackAccepted, nil
}

type tally map[CallbackSystem]map[CallbackResult]int

// bothSystems is a gateway at which both systems call.
func bothSystems(t *testing.T, keys ...*rsa.PublicKey) (*fixture, *fakeCallbacks, *fakeTradeCallbacks, tally) {
	t.Helper()
	ecpay, ours, counts := &fakeCallbacks{}, &fakeTradeCallbacks{}, tally{CallbackEcpay: {}, CallbackTrade: {}}
	f := setUp(t, withCallbacks(ecpay, nil), func(cfg *Config, p *Parts) {
		cfg.PlatformKeys, p.TradeCallbacks = keys, ours
		cfg.OnCallback = func(s CallbackSystem, r CallbackResult) { counts[s][r]++ }
	})
	return f, ecpay, ours, counts
}

func TestBothSystemsCallBackAtOneAddress(t *testing.T) {
	t.Parallel()
	f, ecpay, ours, counts := bothSystems(t, &platform().PublicKey)
	for _, port := range []http.Handler{f, f.CallbackPort()} {
		for _, c := range []struct {
			body string
			with func(*http.Request)
		}{{signedCallback, func(*http.Request) {}}, {paidBody, signedBy(t, platform(), paidBody)}} {
			r := httptest.NewRequest(http.MethodPost, "http://localhost/callbacks/douyin", strings.NewReader(c.body))
			c.with(r)
			w := httptest.NewRecorder()
			port.ServeHTTP(w, r)
			wantJSON(t, w, http.StatusOK, `{"err_no":0,"err_tips":"success"}`)
		}
	}
	if len(ecpay.accepted) != 2 || len(ours.accepted) != 2 || ours.raw[0] != paidBody || ours.accepted[0].Payment == nil || ours.headers[0].Get("Byte-Logid") == "" {
		t.Errorf("ecpay %v, trade %v %q", ecpay.accepted, ours.accepted, ours.raw)
	}
	if counts[CallbackEcpay][CallbackAccepted] != 2 || counts[CallbackTrade][CallbackAccepted] != 2 {
		t.Errorf("counted %v", counts)
	}
}

// Whatever of a callback differs from what Douyin signed, it is refused: each bit, the last newline,
// another encoding of the same JSON, the other system's signature.
func TestACallbackOfTradeThatDiffersInOneBitIsRefused(t *testing.T) {
	t.Parallel()
	f, ecpay, ours, counts := bothSystems(t, &platform().PublicKey)
	asked := 0
	refused := func(name, body string, h http.Header) {
		t.Helper()
		asked++
		r := httptest.NewRequest(http.MethodPost, "http://localhost/callbacks/douyin", strings.NewReader(body))
		r.Header = h
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || w.Body.String() != `{"err_no":403,"err_tips":"not signed by Douyin"}`+"\n" {
			t.Fatalf("%s: HTTP %d %s", name, w.Code, w.Body)
		}
	}
	headers := func(body string) http.Header {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		signedBy(t, platform(), body)(r)
		return r.Header
	}
	right := headers(paidBody)
	for n := range len(paidBody) * 8 {
		flipped := []byte(paidBody)
		flipped[n/8] ^= 1 << (n % 8)
		refused("a bit of the body", string(flipped), right)
	}
	for _, name := range []string{"Byte-Timestamp", "Byte-Nonce-Str", "Byte-Signature"} {
		for n := range len(right.Get(name)) * 8 {
			h, value := right.Clone(), []byte(right.Get(name))
			value[n/8] ^= 1 << (n % 8)
			h[name] = []string{string(value)}
			refused("a bit of "+name, paidBody, h)
		}
		h := right.Clone()
		h[name] = append(h[name], h[name]...)
		refused(name+" twice", paidBody, h)
	}
	refused("a newline less", paidBody, headers(paidBody+"\n"))
	refused("a newline more", paidBody+"\n", right)
	var tree map[string]any
	if err := json.Unmarshal([]byte(paidBody), &tree); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(tree)
	if err != nil || bytes.Equal(again, []byte(paidBody)) {
		t.Fatalf("%s, %v", again, err)
	}
	refused("encoded again", string(again), right)
	refused("ecpay's body with a header of trade", signedCallback, right)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
	signedBy(t, other, paidBody)(r)
	refused("another key", paidBody, r.Header)
	bare := right.Clone()
	bare.Del("Byte-Signature") // then it counts as ecpay's
	asked--
	refused("without its signature", paidBody, bare)

	if len(ecpay.accepted)+len(ours.accepted) > 0 {
		t.Error("stored")
	}
	if got := counts[CallbackTrade][CallbackForged] + counts[CallbackEcpay][CallbackForged]; got != asked+1 || asked < 8*len(paidBody) {
		t.Errorf("counted %v of %d", counts, asked)
	}
	for _, part := range []string{"T1", "motb73383242802221734767173", "tt0123456789abcdef"} {
		if strings.Contains(f.log.String(), part) {
			t.Errorf("the log holds %q", part)
		}
	}
}

func TestDuringAChangeOfThePlatformKeyBothAreTaken(t *testing.T) {
	t.Parallel()
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f, _, ours, _ := bothSystems(t, &platform().PublicKey, &old.PublicKey)
	for _, key := range []*rsa.PrivateKey{platform(), old} {
		wantJSON(t, f.ask("POST", "/callbacks/douyin", paidBody, signedBy(t, key, paidBody)), http.StatusOK, `{"err_no":0,"err_tips":"success"}`)
	}
	if len(ours.accepted) != 2 {
		t.Errorf("%v", ours.accepted)
	}
}

// What Douyin is told about a refund is stored, and goes out byte for byte.
func TestAQuestionIsAnsweredWithTheStoredBytes(t *testing.T) {
	t.Parallel()
	f, _, ours, _ := bothSystems(t, &platform().PublicKey)
	ours.answer = []byte(`{"err_no":0,"err_tips":"success","data":{"out_refund_no":"DY1","order_entry_schema":{"path":"p"}}}`)
	w := f.ask("POST", "/callbacks/douyin", paidBody, signedBy(t, platform(), paidBody))
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), ours.answer) || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("HTTP %d %q", w.Code, w.Body)
	}
}

func TestACallbackOfTradeThatIsNotStoredIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	f, _, ours, counts := bothSystems(t, &platform().PublicKey)
	ours.err = errDown
	w := f.ask("POST", "/callbacks/douyin", paidBody, signedBy(t, platform(), paidBody))
	wantJSON(t, w, http.StatusInternalServerError, `{"err_no":500,"err_tips":"not stored: deliver again"}`)
	if counts[CallbackTrade][CallbackFailed] != 1 {
		t.Errorf("counted %v", counts)
	}
}

// A fault of ours: Douyin's redeliveries give time to mend it, and ecpay goes on.
func TestWithoutAPlatformKeyTradeIsDeliveredAgainLater(t *testing.T) {
	t.Parallel()
	f, ecpay, ours, counts := bothSystems(t)
	w := f.ask("POST", "/callbacks/douyin", paidBody, signedBy(t, platform(), paidBody))
	wantJSON(t, w, http.StatusServiceUnavailable, `{"err_no":503,"err_tips":"no platform key is configured"}`)
	wantJSON(t, f.ask("POST", "/callbacks/douyin", signedCallback), http.StatusOK, `{"err_no":0,"err_tips":"success"}`)
	if counts[CallbackTrade][CallbackFailed] != 1 || len(ours.accepted) != 0 || len(ecpay.accepted) != 1 {
		t.Errorf("counted %v", counts)
	}
}
