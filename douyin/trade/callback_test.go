package trade

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func platformKey(t testing.TB) *rsa.PublicKey {
	t.Helper()
	key, err := ParsePublicKey(string(file(t, "key_pub.pem")))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// headers are those of a live callback (LIVE-2024-02), with a signature of ours.
func headers(timestamp, nonce, signature string) http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"Byte-Env": "prod", "Byte-Identifyname": "/msg/basic/payment/notify", "Byte-Logid": "20240222152617458BC905C044040CE7DB",
		"byte-timestamp": timestamp, "byte-nonce-str": nonce, "byte-signature": signature, "Signature": strings.Repeat("0f", 20),
	} {
		h.Set(name, value)
	}
	return h
}

// sign is a callback as Douyin would make it, with the key of the vectors.
func sign(t testing.TB, body string) http.Header {
	t.Helper()
	sum := sha256.Sum256([]byte("1764374401\nN0nce\n" + body + "\n"))
	raw, err := rsa.SignPKCS1v15(nil, signer(t).key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return headers("1764374401", "N0nce", base64.StdEncoding.EncodeToString(raw))
}

func verified(t testing.TB, body string) Callback {
	t.Helper()
	c, err := VerifyCallback(sign(t, body), []byte(body), platformKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// envelope is a body as Douyin sends it.
func envelope(t testing.TB, kind, msg string) string {
	t.Helper()
	quoted, err := json.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	return `{"version":"3.0","msg":` + string(quoted) + `,"type":"` + kind + `"}`
}

func TestVerifyTheVectors(t *testing.T) {
	key := platformKey(t)
	v := vectors(t)
	pay, err := VerifyCallback(headers(v[1].ByteTimestamp, v[1].ByteNonce, v[1].ByteSignature), []byte(v[1].Body), key)
	if err != nil || len(v[1].Body) != 432 {
		t.Fatal(err)
	}
	want := &PaymentNotice{
		AppID: "tt1683603e89bd1ac801", OutOrderNo: "1210246155355688960", OrderID: "motb73383242802221734767173", Status: Success,
		TotalAmount: 1, PayChannel: "10", ChannelPayID: "TP2024022215260600681574525640", UserBillPayID: "DTPS2402221526119010630764156176",
		MerchantUID: "71223625266663938860", EventTime: time.UnixMilli(1708586777000),
	}
	if !reflect.DeepEqual(pay.Payment, want) || pay.Unread != "" || pay.Version != "3.0" || pay.AppID() != "tt1683603e89bd1ac801" ||
		pay.Number() != "1210246155355688960" || pay.DedupKey() != "trade:payment:1210246155355688960:SUCCESS" {
		t.Errorf("%+v %+v %q %q", pay, pay.Payment, pay.Number(), pay.DedupKey())
	}
	refund, err := VerifyCallback(headers(v[2].ByteTimestamp, v[2].ByteNonce, v[2].ByteSignature), []byte(v[2].Body), key)
	if err != nil {
		t.Fatal(err)
	}
	wantRefund := &RefundNotice{
		AppID: "tt0123456789abcdef", OrderID: "motb1", RefundID: "motb2", OutRefundNo: "R20261129000001", Status: Success, Amount: 1990, Type: 2,
		EventTime: time.UnixMilli(1764374400000), Items: []RefundItem{{"motb3", 1990}},
	}
	if !reflect.DeepEqual(refund.Refund, wantRefund) || refund.Number() != "motb2" || refund.DedupKey() != "trade:refund:motb2:SUCCESS" {
		t.Errorf("%+v %q", refund.Refund, refund.DedupKey())
	}
}

// A callback with any bit flipped, in body, timestamp, nonce or signature, is refused.
func TestAnyFlippedBitIsRefused(t *testing.T) {
	key := platformKey(t)
	v := vectors(t)[2]
	check := func(where string, at int, h http.Header, body []byte) {
		t.Helper()
		if c, err := VerifyCallback(h, body, key); err == nil || !reflect.DeepEqual(c, Callback{}) {
			t.Errorf("bit %d of %s flipped: accepted", at, where)
		}
	}
	flip := func(text string, bit int) string {
		b := []byte(text)
		b[bit/8] ^= 1 << (bit % 8)
		return string(b)
	}
	for bit := range 8 * len(v.Body) {
		check("body", bit, headers(v.ByteTimestamp, v.ByteNonce, v.ByteSignature), []byte(flip(v.Body, bit)))
	}
	for bit := range 8 * len(v.ByteTimestamp) {
		check("timestamp", bit, headers(flip(v.ByteTimestamp, bit), v.ByteNonce, v.ByteSignature), []byte(v.Body))
	}
	for bit := range 8 * len(v.ByteNonce) {
		check("nonce", bit, headers(v.ByteTimestamp, flip(v.ByteNonce, bit), v.ByteSignature), []byte(v.Body))
	}
	for bit := range 8 * len(v.ByteSignature) { // the text's bits: also those that base64 ignores
		check("signature", bit, headers(v.ByteTimestamp, v.ByteNonce, flip(v.ByteSignature, bit)), []byte(v.Body))
	}
}

func TestOtherBytesAreRefused(t *testing.T) {
	key := platformKey(t)
	v := vectors(t)[1]
	var parts struct{ Version, Msg, Type string }
	if err := json.Unmarshal([]byte(v.Body), &parts); err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal([]byte(v.Body), &decoded); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(decoded)
	if err != nil {
		t.Fatal(err)
	}
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, []byte(v.Body), "", " "); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"msg for the body": parts.Msg, "keys sorted": string(sorted), "spaces": spaced.String(), "a line feed more": v.Body + "\n",
		"a byte less": v.Body[:len(v.Body)-1], "escaped": strings.ReplaceAll(v.Body, "payment", `p\u0061yment`), "empty": "",
	} {
		if _, err := VerifyCallback(headers(v.ByteTimestamp, v.ByteNonce, v.ByteSignature), []byte(body), key); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Whoever signs without the last line feed has another signature.
	sum := sha256.Sum256([]byte("1764374401\nN0nce\n" + v.Body))
	raw, err := rsa.SignPKCS1v15(nil, signer(t).key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyCallback(headers("1764374401", "N0nce", base64.StdEncoding.EncodeToString(raw)), []byte(v.Body), key); !errors.Is(err, ErrSignature) {
		t.Errorf("without the last line feed: %v", err)
	}
}

func TestKeysChange(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	v := vectors(t)[1]
	h := headers(v.ByteTimestamp, v.ByteNonce, v.ByteSignature)
	right, wrong := platformKey(t), &other.PublicKey
	for name, c := range map[string]struct {
		keys []*rsa.PublicKey
		want error
	}{
		"new and old": {[]*rsa.PublicKey{wrong, right}, nil}, "old and new": {[]*rsa.PublicKey{right, wrong}, nil},
		"another's": {[]*rsa.PublicKey{wrong}, ErrSignature}, "none": {nil, ErrNoKey},
	} {
		if _, err := VerifyCallback(h, []byte(v.Body), c.keys...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHeadersThatAreNone(t *testing.T) {
	v := vectors(t)[1]
	for name, change := range map[string]func(http.Header){
		"no timestamp":        func(h http.Header) { h.Del(HeaderTimestamp) },
		"no nonce":            func(h http.Header) { h.Del(HeaderNonce) },
		"no signature":        func(h http.Header) { h.Del(HeaderSignature) },
		"two nonces":          func(h http.Header) { h.Add(HeaderNonce, v.ByteNonce) },
		"two signatures":      func(h http.Header) { h.Add(HeaderSignature, v.ByteSignature) },
		"no digits":           func(h http.Header) { h.Set(HeaderTimestamp, "1e9") },
		"nonce takes a line":  func(h http.Header) { h.Set(HeaderNonce, v.ByteNonce+"\n{") },
		"long nonce":          func(h http.Header) { h.Set(HeaderNonce, strings.Repeat("n", 129)) },
		"no base64":           func(h http.Header) { h.Set(HeaderSignature, "~"+v.ByteSignature[1:]) },
		"spare bits":          func(h http.Header) { h.Set(HeaderSignature, v.ByteSignature[:341]+"R==") },
		"line in a signature": func(h http.Header) { h.Set(HeaderSignature, v.ByteSignature[:9]+"\n"+v.ByteSignature[9:]) },
	} {
		h := headers(v.ByteTimestamp, v.ByteNonce, v.ByteSignature)
		change(h)
		if _, err := VerifyCallback(h, []byte(v.Body), platformKey(t)); !errors.Is(err, ErrHeaders) {
			t.Errorf("%s: %v", name, err)
		}
	}
	big := make([]byte, 64<<10+1)
	if _, err := VerifyCallback(sign(t, string(big)), big, platformKey(t)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestPeekAppID(t *testing.T) {
	for body, want := range map[string]string{
		vectors(t)[1].Body: "tt1683603e89bd1ac801", "": "", "{}": "", `{"msg":"{\"app_id\":7}"}`: "7", `{"msg":"{\"app_id\":\"a\",\"app_id\":\"b\"}"}`: "",
		`{"msg":"` + strings.Repeat(" ", 64<<10) + `{}"}`: "",
	} {
		if got := PeekAppID([]byte(body)); got != want {
			t.Errorf("%.60s: %q", body, got)
		}
	}
}

func FuzzVerifyCallback(f *testing.F) {
	key := platformKey(f)
	v := vectors(f)[1]
	f.Add(v.ByteTimestamp, v.ByteNonce, v.ByteSignature, []byte(v.Body))
	f.Add("1", "n", "AAAA", []byte(`{"version":"3.0","msg":"{}","type":"refund"}`))
	f.Fuzz(func(t *testing.T, timestamp, nonce, signature string, body []byte) {
		c, err := VerifyCallback(http.Header{HeaderTimestamp: {timestamp}, HeaderNonce: {nonce}, HeaderSignature: {signature}}, body, key)
		same := timestamp == v.ByteTimestamp && nonce == v.ByteNonce && signature == v.ByteSignature && string(body) == v.Body
		if err == nil && !same {
			t.Errorf("accepted what nobody signed: %+v", c)
		}
	})
}

// FuzzRead: whatever is signed, exactly one of the notices is there, or Unread.
func FuzzRead(f *testing.F) {
	for _, v := range vectors(f)[1:] {
		f.Add([]byte(v.Body))
	}
	f.Add([]byte(envelope(f, "pre_create_refund", requestMsg)))
	f.Add([]byte(envelope(f, "settle", settleMsg)))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := read(body)
		notices := 0
		for _, there := range []bool{c.Payment != nil, c.Refund != nil, c.Settle != nil, c.RefundRequest != nil, c.Unread != ""} {
			if there {
				notices++
			}
		}
		if notices != 1 || c.Unread == "" && (c.Number() == "" || len(c.Number()) > 64) || !strings.HasPrefix(c.DedupKey(), "trade:") {
			t.Errorf("%+v", c)
		}
		if r := c.RefundRequest; r != nil {
			if _, err := (RefundAnswer{OutRefundNo: RefundNo(r.RefundID), Page: Page{Path: "p"}}).Encode(); err != nil {
				t.Error(err)
			}
		}
	})
}
