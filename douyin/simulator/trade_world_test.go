package simulator

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// bell is a clock that moves when it is told, and ends the pauses that are over then.
type bell struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[*pauser]bool
	came    *sync.Cond
}

type pauser struct {
	d     time.Duration
	until time.Time
	over  chan struct{}
}

func newBell() *bell {
	b := &bell{now: time.Date(2026, 1, 17, 7, 23, 15, 0, time.UTC), waiting: map[*pauser]bool{}}
	b.came = sync.NewCond(&b.mu)
	return b
}

func (b *bell) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bell) Pause(ctx context.Context, d time.Duration) bool {
	b.mu.Lock()
	p := &pauser{d, b.now.Add(d), make(chan struct{})}
	b.waiting[p] = true
	b.came.Broadcast()
	b.mu.Unlock()
	select {
	case <-p.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// pass waits until a pause of exactly d has begun, and lets it end.
func (b *bell) pass(t *testing.T, d time.Duration) {
	t.Helper()
	giveUp := time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("%s: nobody pauses for %s", t.Name(), d)) })
	defer giveUp.Stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.pauses(d) {
		b.came.Wait()
	}
	b.move(d)
}

func (b *bell) pauses(d time.Duration) bool {
	for p := range b.waiting {
		if p.d == d {
			return true
		}
	}
	return false
}

func (b *bell) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.move(d)
}

func (b *bell) move(d time.Duration) {
	b.now = b.now.Add(d)
	for p := range b.waiting {
		if !b.now.Before(p.until) {
			delete(b.waiting, p)
			close(p.over)
		}
	}
}

// keys made for this run of the tests.
var (
	testAppKey      = sync.OnceValue(makeKey)
	testPlatformKey = sync.OnceValue(makeKey)
)

func makeKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

const testApp = "tt0123456789abcdef"

// heard is one callback of trade as the shop got it.
type heard struct {
	kind, msg, body string
	header          http.Header
}

// tradeShop is the receiver of callbacks. It verifies each by the platform's key and answers with
// what say returns.
type tradeShop struct {
	url  string
	came chan heard

	mu  sync.Mutex
	say func(h heard) string
}

func newTradeShop(t *testing.T) *tradeShop {
	t.Helper()
	sh := &tradeShop{came: make(chan heard, 1000), say: politely}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var e struct{ Version, Msg, Type string }
		if err != nil || json.Unmarshal(body, &e) != nil || e.Version != "3.0" {
			t.Errorf("callback %q", body)
		}
		text := r.Header.Get("Byte-Timestamp") + "\n" + r.Header.Get("Byte-Nonce-Str") + "\n" + string(body) + "\n"
		if !verifies(&testPlatformKey().PublicKey, text, r.Header.Get("Byte-Signature")) {
			t.Errorf("callback %s: its signature does not fit", body)
		}
		h := heard{e.Type, e.Msg, string(body), r.Header}
		sh.mu.Lock()
		answer := sh.say(h)
		sh.mu.Unlock()
		sh.came <- h
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	sh.url = srv.URL + "/callbacks/douyin"
	return sh
}

func verifies(key *rsa.PublicKey, text, signature string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	sum := sha256.Sum256([]byte(text))
	return err == nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
}

// politely answers every callback as a right shop does.
func politely(h heard) string {
	if h.kind != "pre_create_refund" {
		return success
	}
	return answerTo("DY" + field1(h.msg, "refund_id"))
}

func answerTo(number string) string {
	return `{"err_no":0,"err_tips":"success","data":{"out_refund_no":"` + number + `","order_entry_schema":{"path":"pages/refund/detail","params":"{\"id\":\"1\"}"}}}`
}

// field1 is a text field of a msg.
func field1(msg, name string) string {
	var m map[string]any
	if json.Unmarshal([]byte(msg), &m) != nil {
		return ""
	}
	text, _ := m[name].(string)
	return text
}

func (sh *tradeShop) answers(say func(h heard) string) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.say = say
}

func (sh *tradeShop) next(t *testing.T, kind string) heard {
	t.Helper()
	select {
	case h := <-sh.came:
		if h.kind != kind {
			t.Fatalf("a callback of type %s, want %s: %s", h.kind, kind, h.msg)
		}
		return h
	case <-time.After(10 * time.Second):
		t.Fatalf("no callback of type %s came", kind)
		return heard{}
	}
}

// world is a simulator with its clock, a shop, and an app whose key is known.
type world struct {
	*Server
	t     *testing.T
	bell  *bell
	shop  *tradeShop
	token string
}

func newWorld(t *testing.T, change func(c *Config)) *world {
	t.Helper()
	w := &world{t: t, bell: newBell(), shop: newTradeShop(t)}
	cfg := Config{
		AppID: testApp, Secret: "s3cr3t", Now: w.bell.Now, Pause: w.bell.Pause, NotifyURL: w.shop.url, ResultDelay: resultDelay,
		Trade: Trade{AppKey: &testAppKey().PublicKey, KeyVersion: "2", PlatformKey: testPlatformKey(), AnswerTime: 10 * time.Second},
	}
	if change != nil {
		change(&cfg)
	}
	w.Server = newSim(t, cfg)
	w.token = w.fetchToken()
	return w
}

func (w *world) fetchToken() string {
	w.t.Helper()
	body := w.raw("/oauth/client_token/", "", `{"grant_type":"client_credential","client_key":"`+testApp+`","client_secret":"s3cr3t"}`).Body.String()
	var a struct {
		Data struct {
			AccessToken string `json:"access_token"`
		}
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil || !strings.HasPrefix(a.Data.AccessToken, "clt.") {
		w.t.Fatalf("token answer %s", body)
	}
	return a.Data.AccessToken
}

func (w *world) raw(path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("access-token", token)
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	moneyIsWrittenDown(w.t, w.Server)
	return rec
}

// call makes a call of trade_basic and returns its code and data.
func (w *world) call(name, body string) (code int, data string) {
	w.t.Helper()
	rec := w.raw("/api/trade_basic/v1/developer/"+name+"/", w.token, body)
	var a struct {
		ErrNo  *int            `json:"err_no"`
		ErrMsg *string         `json:"err_msg"`
		LogID  string          `json:"log_id"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil || a.ErrNo == nil || a.ErrMsg == nil || a.LogID == "" {
		w.t.Fatalf("%s answered %s", name, rec.Body)
	}
	status := http.StatusOK
	if *a.ErrNo != 0 && strings.HasPrefix(name, "settle_") {
		status = http.StatusBadRequest
	}
	if rec.Code != status {
		w.t.Errorf("%s answered with HTTP %d, want %d: %s", name, rec.Code, status, rec.Body)
	}
	if *a.ErrNo != 0 {
		return *a.ErrNo, *a.ErrMsg
	}
	return 0, string(a.Data)
}

func (w *world) mustCall(name, body string) string {
	w.t.Helper()
	code, data := w.call(name, body)
	if code != 0 {
		w.t.Fatalf("%s answered %d %s", name, code, data)
	}
	return data
}

func (w *world) wantCode(want int, name, body string) {
	w.t.Helper()
	if code, words := w.call(name, body); code != want {
		w.t.Errorf("%s %s\nanswered %d %s, want %d", name, body, code, words, want)
	}
}

// orderData is right data of an order of 1990 fen for 401.
func orderData(no string) string {
	return `{"skuList":[{"skuId":"C1001","price":1990,"quantity":1,"title":"Go 入门课","imageList":["https://cdn.example.com/c1001.png"],"type":401,"tagGroupId":"tag_group_7272625659888041996"}],"outOrderNo":"` +
		no + `","totalAmount":1990,"payExpireSeconds":1800,"orderEntrySchema":{"path":"pages/order/detail","params":"{\"id\":\"1\"}"}}`
}

// authorize signs data as the app does.
func (w *world) authorize(data string) string {
	w.t.Helper()
	return authorizeAt(w.t, data, strconv.FormatInt(w.bell.Now().Unix(), 10))
}

func authorizeAt(t *testing.T, data, timestamp string) string {
	t.Helper()
	sum := sha256.Sum256([]byte("POST\n/requestOrder\n" + timestamp + "\nN0nce\n" + data + "\n"))
	sig, err := rsa.SignPKCS1v15(nil, testAppKey(), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return "SHA256-RSA2048 appid=" + testApp + ",nonce_str=N0nce,timestamp=" + timestamp + ",key_version=2,signature=" + base64.StdEncoding.EncodeToString(sig)
}

func (w *world) requested(data string) string {
	w.t.Helper()
	id, err := w.RequestOrder(data, w.authorize(data), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// paid makes an order that is paid and whose callback came. It returns Douyin's number and that of
// the item.
func (w *world) paid(data string) (order, item string) {
	w.t.Helper()
	order = w.requested(data)
	if err := w.PayTrade(order, 0, 0); err != nil {
		w.t.Fatal(err)
	}
	moneyIsWrittenDown(w.t, w.Server)
	w.shop.next(w.t, "payment")
	for _, o := range w.Trade().Orders {
		if o.OrderID == order {
			return order, o.Items[0].ItemOrderID
		}
	}
	w.t.Fatal("the order is not in the ledger")
	return "", ""
}

func (w *world) refund(id string) TradeRefund {
	w.t.Helper()
	for _, r := range w.Trade().Refunds {
		if r.RefundID == id {
			return r
		}
	}
	w.t.Fatalf("no refund %s in the ledger", id)
	return TradeRefund{}
}

func (w *world) noViolations() {
	w.t.Helper()
	if v := w.Trade().Violations; len(v) != 0 {
		w.t.Errorf("violations %+v", v)
	}
}

func (w *world) violation(kind, number string) {
	w.t.Helper()
	v := w.Trade().Violations
	if len(v) != 1 || v[0].Kind != kind || v[0].Number != number {
		w.t.Errorf("violations %+v, want one %s of %q", v, kind, number)
	}
}

// tradeVector is one of testdata/trade_vectors.json.
type tradeVector struct {
	ID            string `json:"id"`
	AppID         string `json:"appid"`
	Timestamp     string `json:"timestamp"`
	Nonce         string `json:"nonce"`
	KeyVersion    string `json:"key_version"`
	Data          string `json:"data"`
	TextSHA256    string `json:"text_sha256"`
	Signature     string `json:"signature"`
	ByteTimestamp string `json:"byte_timestamp"`
	ByteNonceStr  string `json:"byte_nonce_str"`
	Body          string `json:"body"`
	ByteSignature string `json:"byte_signature"`
}

func vector(t *testing.T, id string) (tradeVector, *rsa.PublicKey) {
	t.Helper()
	text, err := os.ReadFile("testdata/trade_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile("testdata/trade_key_pub.pem")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseAppKey(pem)
	if err != nil {
		t.Fatal(err)
	}
	var all []tradeVector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.ID == id {
			return v, key
		}
	}
	t.Fatalf("no vector %s", id)
	return tradeVector{}, nil
}
