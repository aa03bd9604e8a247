package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	pushPath  = "/api/apps/order/v2/push"
	tokenPath = "/api/apps/v2/token"
)

// clock is a time that stands still until it is moved.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Date(2026, 1, 17, 7, 23, 15, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.ns.Load()) }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

// newSim is a simulator of a test, which ends with it.
func newSim(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, end := newNoted(t, cfg)
	t.Cleanup(end)
	return s
}

// newNoted is a simulator until end is called. What it holds then has to be written down.
func newNoted(t testing.TB, cfg Config) (s *Server, end func()) {
	t.Helper()
	var book *notebook
	if _, isTest := t.(*testing.T); isTest && cfg.Keep == nil {
		book = &notebook{}
		cfg.Keep = book.keep
	}
	s = New(cfg)
	if book != nil {
		notebooks.Store(s, book)
	}
	return s, func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if book != nil {
			isWrittenDown(t, s, book)
		}
	}
}

// answerBody has the fields of both envelopes.
type answerBody struct {
	ErrCode *int   `json:"err_code"`
	ErrMsg  string `json:"err_msg"`
	Body    *string
	ErrNo   *int            `json:"err_no"`
	ErrTips string          `json:"err_tips"`
	Data    json.RawMessage `json:"data"`
}

// post sends one body in the process and reads the answer.
func post(t testing.TB, s *Server, path, body string) answerBody {
	t.Helper()
	w := do(s, path, "application/json", body)
	moneyIsWrittenDown(t, s)
	if w.Code != http.StatusOK {
		t.Fatalf("HTTP %d, want 200: %s", w.Code, w.Body)
	}
	var a answerBody
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return a
}

func do(s *Server, path, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// fetch takes a token.
func fetch(t testing.TB, s *Server) string {
	t.Helper()
	a := post(t, s, tokenPath, `{"appid":"tt0123456789abcdef","secret":"s3cr3t","grant_type":"client_credential"}`)
	var data struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal(a.Data, &data); err != nil || *a.ErrNo != 0 || data.AccessToken == "" || data.ExpiresIn != 7200 {
		t.Fatalf("token answer %+v (%s): %v", a, a.Data, err)
	}
	return data.AccessToken
}

// push sends one order push and returns its code and words.
func push(t testing.TB, s *Server, body string) (code int, words string) {
	t.Helper()
	a := post(t, s, pushPath, body)
	if a.ErrCode == nil || a.Body == nil {
		t.Fatalf("the answer has no err_code or no body: %+v", a)
	}
	return *a.ErrCode, a.ErrMsg
}

// orderPush is a right body for order 7 with a few places to fill.
func orderPush(token, status, text, updateTime string) string {
	return `{"access_token":"` + token + `","app_name":"douyin","open_id":"_000abc-DEF","update_time":` + updateTime +
		`,"order_detail":"{\"order_id\":\"7\",\"create_time\":1768634594000,\"status\":\"` + text +
		`\",\"amount\":1,\"total_price\":1980,\"detail_url\":\"pages/course/course\",\"item_list\":[{\"img\":\"https://cdn.example.com/1.jpg\",\"title\":\"标题\",\"sub_title\":\"副标题\",\"amount\":1,\"price\":1980}]}"` +
		`,"order_type":0,"order_status":` + status + `,"payment_order_no":"N7290"}`
}

func mustPush(t testing.TB, s *Server, body string) {
	t.Helper()
	if code, words := push(t, s, body); code != 0 {
		t.Fatalf("push answered %d %s, want 0", code, words)
	}
}

func mustOrder(t testing.TB, s *Server, id string) Order {
	t.Helper()
	o, ok := s.Order(id)
	if !ok {
		t.Fatalf("the ledger does not know order %s", id)
	}
	return o
}
