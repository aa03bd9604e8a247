package assembly

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// till is a scene whose gateway makes payments of trade. There is no salt, and nothing calls back.
type till struct{ *scene }

func newTill(t *testing.T, orders int) till {
	t.Helper()
	return till{newScene(t, sceneConfig{orders: orders})}
}

// new is a process that makes payments as change (nil: nothing) says beside.
func (b till) new(change func(*configs.Config)) *Assembly {
	b.t.Helper()
	return b.process(func(cfg *configs.Config) {
		b.signs(cfg)
		cfg.Douyin.Trade.GoodsType, cfg.Douyin.Trade.TagGroupID = unfulfilled.kind, unfulfilled.tag
		cfg.Douyin.Trade.OrderPage = configs.Page{Path: "pages/order/detail", Params: map[string]string{"no": "{out_order_no}"}}
		if change != nil {
			change(cfg)
		}
	})
}

func (b till) gateway(a *Assembly) *gateway.Gateway {
	b.t.Helper()
	g, err := a.Gateway()
	if err != nil {
		b.t.Fatal(err)
	}
	return g
}

func (b till) ask(g http.Handler, method, path, body string, status int, into any) string {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != status {
		b.t.Errorf("%s %s %s: HTTP %d %s, want %d", method, path, body, w.Code, w.Body, status)
		return w.Body.String()
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			b.t.Error(err)
		}
	}
	return w.Body.String()
}

func paymentBody(no string) string {
	return `{"out_order_no":"` + no + `","total_amount":1000,"subject":"课程 <&>","image":"https://shop.example/1.png","sku_attr":"{}"}`
}

// TestAPaymentOfTradeIsMadeRequestedPaidAndTold goes from the shop's request to the buyer's money,
// without a salt, without a callback, and against the simulator, which checks what the mini-app
// hands over.
func TestAPaymentOfTradeIsMadeRequestedPaidAndTold(t *testing.T) {
	b := newTill(t, 3)
	a := b.new(nil)
	g := b.gateway(a)
	var first, again gateway.SignedPayment
	b.ask(g, "POST", "/v1/payments", paymentBody("1"), 200, &first)
	if first.System != "trade" || !strings.HasPrefix(first.ByteAuthorization, "SHA256-RSA2048 appid=tt1,") {
		t.Errorf("%+v", first)
	}
	var status gateway.TradePaymentStatus
	b.ask(g, "GET", "/v1/payments/1", "", 200, &status)
	if status.PayStatus != "PROCESS" || status.OrderID != "" || status.TotalAmount != 1000 {
		t.Errorf("before it is requested: %+v", status)
	}

	if _, err := b.douyin.RequestOrder(strings.Replace(first.Data, "1000", "1", 2), first.ByteAuthorization, ""); err == nil {
		t.Error("data that was changed on the way is taken")
	}
	id, err := b.douyin.RequestOrder(first.Data, first.ByteAuthorization, "")
	if err != nil {
		t.Fatal(err)
	}
	// The configuration has changed since, and new payments are made in ecpay.
	back := b.gateway(b.new(func(c *configs.Config) {
		c.Douyin.Payments, c.Douyin.Trade.OrderPage = "ecpay", configs.Page{Path: "pages/other"}
	}))
	b.ask(back, "POST", "/v1/payments", paymentBody("1"), 200, &again)
	if again.Data != first.Data || again.ByteAuthorization == first.ByteAuthorization {
		t.Errorf("signed again: %+v", again)
	}
	if same, err := b.douyin.RequestOrder(again.Data, again.ByteAuthorization, ""); err != nil || same != id {
		t.Errorf("%s, %v; want %s", same, err, id)
	}
	b.ask(g, "POST", "/v1/payments", strings.Replace(paymentBody("1"), "1000", "999", 1), 409, nil)
	b.ask(back, "POST", "/v1/payments", `{"out_order_no":"1","total_amount":1000,"subject":"s","body":"b","valid_time":600}`, 409, nil)
	b.ask(back, "POST", "/v1/payments", paymentBody("9"), 400, nil)

	if err := b.douyin.PayTrade(id, 0, 30); err != nil {
		t.Fatal(err)
	}
	for _, g := range []http.Handler{g, back} {
		b.ask(g, "GET", "/v1/payments/1", "", 200, &status)
		if status.System != "trade" || status.PayStatus != "SUCCESS" || status.OrderID != id || status.DiscountAmount != 30 || len(status.Items) != 1 ||
			status.Items[0].ItemOrderID == "" || status.Items[0].Amount != 1000 || status.PaidAt == nil {
			t.Errorf("paid: %+v", status)
		}
	}
	b.ask(g, "GET", "/v1/payments/nobody", "", 404, nil)
	for field, body := range map[string]string{
		"image": `{"out_order_no":"2","total_amount":1000,"subject":"s"}`, "subject": `{"out_order_no":"2","total_amount":1000,"image":"https://x.cn/1.png"}`,
		"price": `{"out_order_no":"2","total_amount":1000,"subject":"s","image":"https://x.cn/1.png","quantity":3}`,
	} {
		if got := b.ask(g, "POST", "/v1/payments", body, 422, nil); !strings.Contains(got, `"field":"`+field+`"`) {
			t.Errorf("%s: %s", field, got)
		}
	}
	var n int
	if err := b.db.Raw("SELECT COUNT(*) FROM ordersync_payment WHERE out_order_no <> '1' OR alarm <> ''").Row().Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows of what was refused, or with an alarm; %v", n, err)
	}
}

// Two processes are asked at the same moment, after one of them was configured anew: the buyer may
// get either's answer, so there is one data.
func TestProcessesSignOneData(t *testing.T) {
	b := newTill(t, 1)
	gateways := []http.Handler{b.gateway(b.new(nil)), b.gateway(b.new(func(c *configs.Config) { c.Douyin.Trade.OrderPage.Path = "pages/other" }))}
	for _, no := range []string{"1", "N2", "N3", "N4"} {
		var all sync.WaitGroup
		signed := make([]gateway.SignedPayment, 8)
		for i := range signed {
			all.Go(func() { b.ask(gateways[i%2], "POST", "/v1/payments", paymentBody(no), 200, &signed[i]) })
		}
		all.Wait()
		for _, s := range signed {
			if s.Data != signed[0].Data {
				t.Errorf("%s: %s\n%s", no, s.Data, signed[0].Data)
			}
			if _, err := b.douyin.RequestOrder(s.Data, s.ByteAuthorization, ""); err != nil {
				t.Error(err)
			}
		}
	}
}

// No callback comes, and there is no salt: the worker asks. What nobody has requested of Douyin
// ends without a word.
func TestTheWorkerAsksAfterPaymentsOfTradeWithoutASalt(t *testing.T) {
	b := newTill(t, 3)
	a := b.new(nil)
	g := b.gateway(a)
	for _, no := range []string{"1", "2", "3"} {
		var s gateway.SignedPayment
		b.ask(g, "POST", "/v1/payments", paymentBody(no), 200, &s)
		if no == "3" {
			continue
		}
		if _, err := b.douyin.RequestOrder(s.Data, s.ByteAuthorization, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.douyin.PayTrade("1", 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := b.douyin.CancelTrade("2"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"UPDATE ordersync_payment_ask SET due_at = created_at", "UPDATE ordersync_payment_ask SET valid_until = '2026-01-01' WHERE out_order_no = '3'",
	} {
		if err := b.db.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	start(t, a)
	awaitFor(t, "all have ended, and nobody is asked after", func() bool {
		var asked int
		return b.db.Raw("SELECT COUNT(*) FROM ordersync_payment_ask").Row().Scan(&asked) == nil && asked == 0
	})
	var got []string
	rows, err := b.db.Raw("SELECT CONCAT(out_order_no, ' ', state, ' ', alarm, ' ', items IS NOT NULL) FROM ordersync_payment ORDER BY out_order_no").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		got = append(got, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(got, ", "); s != "1 SUCCESS  1, 2 TIMEOUT  1, 3 TIMEOUT  0" {
		t.Errorf("%s", s)
	}
}
