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
	"fmt"
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

const requestMsg = `{"app_id":"tt1","open_id":"_000secret","refund_id":"motb9","order_id":"motb1","out_order_no":"T1","refund_total_amount":"1990",` +
	`"need_refund_audit":1,"refund_audit_deadline":1764633600000,"create_refund_time":1764374400000,"refund_source":1,"refund_reason":["不想要了"],` +
	`"refund_description":"d","refund_item_detail":{"item_order_quantity":1,"item_order_detail":[{"item_order_id":"motb3","refund_amount":"1990"}]},"news":{"a":[1]}}`

func TestReadRefundRequest(t *testing.T) {
	c := verified(t, envelope(t, "pre_create_refund", requestMsg))
	want := &RefundRequest{
		AppID: "tt1", RefundID: "motb9", OrderID: "motb1", OutOrderNo: "T1", Amount: 1990, NeedAudit: true,
		Deadline: time.UnixMilli(1764633600000), CreatedAt: time.UnixMilli(1764374400000), Source: 1, Reasons: []string{"不想要了"},
		Description: "d", Items: []RefundItem{{"motb3", 1990}},
	}
	if !reflect.DeepEqual(c.RefundRequest, want) || c.DedupKey() != "trade:pre_create_refund:motb9:" || c.Msg != requestMsg {
		t.Errorf("%+v %s", c.RefundRequest, c.DedupKey())
	}
	if shown := fmt.Sprintf("%v %+v %#v %+v", c, c, c, *c.RefundRequest); strings.Contains(shown, "_000secret") || !strings.Contains(shown, "motb9") {
		t.Errorf("the open_id is shown: %s", shown)
	}
	for text, need := range map[string]bool{`1`: true, `"1"`: true, `2`: false, `"2"`: false, `3`: true, `null`: true, `{}`: true} {
		msg := strings.Replace(requestMsg, `"need_refund_audit":1`, `"need_refund_audit":`+text, 1)
		if c := verified(t, envelope(t, "pre_create_refund", msg)); c.RefundRequest == nil || c.RefundRequest.NeedAudit != need {
			t.Errorf("need_refund_audit %s: %+v", text, c.RefundRequest)
		}
	}
}

// The live callback of an automatic settlement (LIVE-2023-12).
const settleMsg = `{"app_id":"tt444732fadb75092d01","status":"SUCCESS","order_id":"ots73020527038978317161476","cp_extra":"","message":"SUCCESS",` +
	`"event_time":1701794819000,"settle_id":"7308352427978230016","out_settle_no":"7308352427978230016","rake":692,"commission":0,` +
	`"settle_detail":"商户号72789245768543296350-分成金额(分)19108","settle_amount":19800,"is_auto_settle":true}`

func TestReadSettle(t *testing.T) {
	c := verified(t, strings.Replace(envelope(t, "settle", settleMsg), "3.0", "2.0", 1))
	want := &SettleNotice{
		AppID: "tt444732fadb75092d01", OrderID: "ots73020527038978317161476", SettleID: "7308352427978230016", OutSettleNo: "7308352427978230016",
		Status: Success, Amount: 19800, Rake: 692, Detail: "商户号72789245768543296350-分成金额(分)19108", Auto: true,
		EventTime: time.UnixMilli(1701794819000), Message: "SUCCESS",
	}
	if !reflect.DeepEqual(c.Settle, want) || c.Version != "2.0" || c.DedupKey() != "trade:settle:7308352427978230016:SUCCESS" {
		t.Errorf("%+v %s", c.Settle, c.DedupKey())
	}
	c = verified(t, envelope(t, "settle", `{"status":"FAIL","order_id":"o","settle_id":77,"settle_amount":"1"}`))
	if c.Settle == nil || c.Number() != "77" || c.Settle.Status != Fail || c.Settle.Amount != 1 {
		t.Errorf("%+v", c)
	}
}

func TestReadCancelledPayment(t *testing.T) {
	c := verified(t, envelope(t, "payment", `{"app_id":"tt1","out_order_no":"T1","order_id":"motb1","status":"CANCEL","message":"USER_CANCEL","event_time":"1708586777000"}`))
	if c.Payment == nil || c.Payment.Status != Cancel || c.Payment.Message != "USER_CANCEL" || c.Payment.EventTime.UnixMilli() != 1708586777000 {
		t.Errorf("%+v", c)
	}
}

// What is signed is never lost: it comes back with what could not be understood.
func TestUnread(t *testing.T) {
	pay := `{"app_id":"tt1","out_order_no":"T1","order_id":"motb1","status":"SUCCESS","total_amount":1}`
	swap := func(msg, from, to string) string {
		if !strings.Contains(msg, from) {
			t.Fatalf("%s has no %s", msg, from)
		}
		return strings.Replace(msg, from, to, 1)
	}
	cases := []struct{ name, body, unread, number string }{
		{"no JSON", "hello", "body", ""},
		{"a field twice", `{"version":"3.0","msg":"{}","type":"payment","type":"refund"}`, "body", ""},
		{"unknown type", envelope(t, "sign_callback", pay), "type", ""},
		{"no type", `{"version":"3.0","msg":"{}"}`, "type", ""},
		{"msg is an object", `{"version":"3.0","msg":7,"type":"payment"}`, "msg", ""},
		{"msg has a field twice", envelope(t, "payment", swap(pay, `"total_amount":1`, `"total_amount":1,"total_amount":2`)), "msg", ""},
		{"no number", envelope(t, "payment", swap(pay, `"out_order_no":"T1",`, "")), "out_order_no", ""},
		{"number is null", envelope(t, "payment", swap(pay, `"T1"`, "null")), "out_order_no", ""},
		{"long number", envelope(t, "payment", swap(pay, "T1", strings.Repeat("9", 65))), "out_order_no", ""},
		{"no order_id", envelope(t, "payment", swap(pay, `"order_id":"motb1",`, "")), "order_id", "T1"},
		{"strange status", envelope(t, "payment", swap(pay, "SUCCESS", "FAIL")), "status", "T1"},
		{"no amount", envelope(t, "payment", swap(pay, `,"total_amount":1`, "")), "total_amount", "T1"},
		{"a float", envelope(t, "payment", swap(pay, `:1}`, `:1.0}`)), "total_amount", "T1"},
		{"negative", envelope(t, "payment", swap(pay, `:1}`, `:-1}`)), "total_amount", "T1"},
		{"discount", envelope(t, "payment", swap(pay, `:1}`, `:1,"discount_amount":"x"}`)), "discount_amount", "T1"},
		{"refund's amount", envelope(t, "refund", `{"refund_id":"r","order_id":"o","status":"FAIL","refund_total_amount":[]}`), "refund_total_amount", "r"},
		{"refund's status", envelope(t, "refund", `{"refund_id":"r","order_id":"o","status":"PROCESSING","refund_total_amount":1}`), "status", "r"},
		{"request without an amount", envelope(t, "pre_create_refund", `{"refund_id":"r","order_id":"o","out_order_no":"T"}`), "refund_total_amount", "r"},
		{"settlement without numbers", envelope(t, "settle", `{"order_id":"o","status":"FAIL","settle_amount":1}`), "settle_id", ""},
	}
	keys := map[string]bool{}
	for _, c := range cases {
		got := verified(t, c.body)
		if got.Unread != c.unread || got.Number() != c.number || got.Payment != nil || got.Refund != nil || got.Settle != nil || got.RefundRequest != nil {
			t.Errorf("%s: %+v, number %q", c.name, got, got.Number())
		}
		if !strings.HasPrefix(got.DedupKey(), "trade:unread:") || keys[got.DedupKey()] {
			t.Errorf("%s: key %s", c.name, got.DedupKey())
		}
		keys[got.DedupKey()] = true
	}
	if c := verified(t, envelope(t, "pre_create_refund", swap(requestMsg, `["不想要了"]`, `"不想要了"`))); c.RefundRequest == nil || c.RefundRequest.Reasons != nil {
		t.Errorf("reasons in another form: %+v", c)
	}
	if c := verified(t, envelope(t, "refund", `{"refund_id":"r","order_id":"o","status":"FAIL","refund_total_amount":1,"refund_item_detail":"x"}`)); c.Refund == nil {
		t.Errorf("items in another form: %+v", c)
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

func TestAnswers(t *testing.T) {
	a := RefundAnswer{OutRefundNo: RefundNo("motb9"), Page: Page{"pages/refund/detail", `{"id":"1"}`}, NotifyURL: "https://shop.example.com/cb?a=1&b=2"}
	want := `{"err_no":0,"err_tips":"success","data":{"out_refund_no":"DYmotb9","order_entry_schema":{"path":"pages/refund/detail","params":"{\"id\":\"1\"}"},` +
		`"notify_url":"https://shop.example.com/cb?a=1&b=2"}}`
	if got, err := a.Encode(); err != nil || string(got) != want {
		t.Errorf("%v %s", err, got)
	}
	a.NotifyURL, a.Page.Params = "", ""
	if got, err := a.Encode(); err != nil || string(got) != `{"err_no":0,"err_tips":"success","data":{"out_refund_no":"DYmotb9","order_entry_schema":{"path":"pages/refund/detail"}}}` {
		t.Errorf("%v %s", err, got)
	}
	a.NotifyURL = "http://127.0.0.1/"
	if _, err := a.Encode(); err == nil {
		t.Error("a plain address was taken")
	}
	if Taken != `{"err_no":0,"err_tips":"success"}` || !strings.Contains(NotTaken, `"err_no":1`) {
		t.Error("constant answers")
	}
	long := strings.Repeat("m", 64)
	for id, want := range map[string]string{
		"7308": "DY7308", strings.Repeat("m", 62): "DY" + strings.Repeat("m", 62), "a b": "DYc8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d",
	} {
		if got := RefundNo(id); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	if a, b := RefundNo(long), RefundNo(long+"x"); len(a) != 64 || a == b || a != RefundNo(long) {
		t.Error(a, b)
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
