package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzPush: whatever is sent, the answer is HTTP 200 with valid JSON, and what is accepted is what
// encoding/json reads.
func FuzzPush(f *testing.F) {
	c := newClock()
	now := c.Now()
	s := newSim(f, Config{Now: func() time.Time { return now }, History: 1, MaxOrders: 1000})
	token := fetch(f, s)
	good := orderPush("TOKEN", "1", "已支付", "1768634595123")
	f.Add(good)
	f.Add(documentExample)
	f.Add(strings.Replace(good, `标题`, `\\u6807\\ud83d\\ude00`, 1))
	f.Add(strings.Replace(good, `"order_type":0`, `"order_type":-0`, 1))
	f.Add(`{"access_token":"TOKEN","order_detail":"{\"order_id\":\"`)
	f.Add(`{"order_detail":"\`)
	f.Add(`{"a":"\u`)
	f.Add(`[]`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, body string) {
		body = strings.Replace(body, "TOKEN", token, 1)
		w := do(s, pushPath, "application/json", body)
		if w.Code != http.StatusOK {
			t.Fatalf("HTTP %d", w.Code)
		}
		var a answerBody
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.ErrCode == nil {
			t.Fatalf("answer %q: %v", w.Body, err)
		}
		if *a.ErrCode != 0 {
			return
		}
		var sent struct {
			OrderDetail string `json:"order_detail"`
			OrderStatus int    `json:"order_status"`
			UpdateTime  int64  `json:"update_time"`
		}
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		var d Detail
		if err := json.Unmarshal([]byte(sent.OrderDetail), &d); err != nil {
			t.Fatalf("accepted an order_detail that encoding/json refuses: %v", err)
		}
		o := mustOrder(t, s, d.OrderID)
		if !o.Held || o.Detail.OrderID != d.OrderID {
			t.Fatalf("held %+v, want %+v", o, d)
		}
		if last := o.History[len(o.History)-1]; last.Status != sent.OrderStatus || last.UpdateTime != sent.UpdateTime {
			t.Fatalf("recorded %+v, sent %+v", last, sent)
		}
	})
}

// FuzzToken: the token endpoint always answers with JSON too.
func FuzzToken(f *testing.F) {
	s := newSim(f, Config{})
	f.Add(`{"appid":"a","secret":"b","grant_type":"client_credential"}`)
	f.Add(`{"appid":"a","appid":"b"}`)
	f.Fuzz(func(t *testing.T, body string) {
		if w := do(s, tokenPath, "application/json", body); !json.Valid(w.Body.Bytes()) {
			t.Fatalf("answer %q", w.Body)
		}
	})
}

// FuzzEcpay: every call answers with JSON that has an err_no, and without a right signature no
// money moves.
func FuzzEcpay(f *testing.F) {
	s := paidSim(f, Config{ResultDelay: time.Hour})
	f.Add(uint8(opCreateRefund), refundBody("R1", 100))
	f.Add(uint8(opSettle), withParams(settleBody("S1"), `[{"merchant_uid":"7","amount":1}]`))
	f.Add(uint8(opCreateOrder), orderBody)
	f.Add(uint8(opQuerySettle), `{"out_settle_no":null,"x":-1e5}`)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		o := opCreateOrder + op(which)%(opUnsettled+1-opCreateOrder)
		w := do(s, opPaths[o], "application/json", body)
		var a answerBody
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.ErrNo == nil {
			t.Fatalf("answer %q: %v", w.Body, err)
		}
		if *a.ErrNo == 0 && !strings.Contains(body, `"sign"`) && !strings.Contains(body, `\u`) {
			t.Fatalf("accepted without a signature: %s", body)
		}
		if n := len(s.Money().Movements); n != 1 {
			t.Fatalf("%d movements", n)
		}
	})
}

// FuzzTrade: every call of trade answers with JSON of its envelope, and without a token nothing is
// taken.
func FuzzTrade(f *testing.F) {
	s := newSim(f, Config{})
	f.Add(uint8(0), `{"order_id":"motb1","out_refund_no":"R1","cp_extra":"","refund_all":true}`)
	f.Add(uint8(3), `{"app_id":"tt1","settle_id":null,"x":[[1e5,{}]]}`)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		o := opTradeOrder + op(which)%(opCalls-opTradeOrder)
		w := do(s, opPaths[o], "application/json", body)
		var a answerBody
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.ErrNo == nil || *a.ErrNo == 0 {
			t.Fatalf("answer %q: %v", w.Body, err)
		}
		if v, err := tree([]byte(body)); err == nil && !json.Valid([]byte(body)) {
			t.Fatalf("read %q as %+v, which encoding/json refuses", body, v)
		}
		if _, f := judgeOrderData(body); f == nil && !json.Valid([]byte(body)) {
			t.Fatalf("took data %q, which encoding/json refuses", body)
		}
	})
}
