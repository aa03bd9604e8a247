package assembly

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
)

// front is a scene whose gateway can be taken away.
type front struct {
	*scene
	gateway atomic.Pointer[http.Handler] // nil: nobody answers
}

func newFront(t *testing.T, orders int) *front {
	t.Helper()
	f := &front{}
	shown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := f.gateway.Load()
		if h == nil {
			panic(http.ErrAbortHandler)
		}
		(*h).ServeHTTP(w, r)
	}))
	t.Cleanup(shown.Close)
	f.scene = newScene(t, sceneConfig{orders: orders, douyin: simulator.Config{
		NotifyURL: shown.URL + "/callbacks/douyin", ResultDelay: 2 * time.Millisecond, RedeliveryScale: 0.004,
		Trade: simulator.Trade{AuditWindow: 8 * time.Second},
	}})
	return f
}

// run is a process of the shop's, which answers Douyin from now on.
func (f *front) run(change func(*configs.Config)) (stop func()) {
	f.t.Helper()
	a := f.process(func(cfg *configs.Config) {
		cfg.Douyin.Trade.PlatformKey = configs.Secret(f.douyin.PlatformKey())
		change(cfg)
	})
	g, err := a.Gateway()
	if err != nil {
		f.t.Fatal(err)
	}
	port := g.CallbackPort()
	f.gateway.Store(&port)
	stop = func() {
		f.gateway.Store(nil)
		_ = a.Close(context.WithoutCancel(f.t.Context()))
	}
	f.t.Cleanup(stop)
	return stop
}

// Duplicates, late payments that refunds overtake, a shop that is away, and another configuration
// behind it: Douyin is answered alike each time, and the rows say what its ledger says.
func TestCallbacksOfTradeFromDouyinToTheRows(t *testing.T) {
	const orders = 40
	f := newFront(t, orders)
	f.must(f.douyin.SetFaults(simulator.Plan{Faults: []simulator.Fault{
		{Op: "trade.callback_payment", Kind: simulator.Late, Probability: 0.5, DelayMS: 400},
		{Op: "trade.pre_create_refund", Kind: simulator.Lost, Probability: 0.2},
		{Op: "trade.callback_refund", Kind: simulator.Late, Probability: 0.3, DelayMS: 100},
		{Op: "trade.refund_result", Kind: simulator.Fail, Probability: 0.2},
		{Kind: simulator.Duplicate, Probability: 0.5},
	}}))
	stop := f.run(func(cfg *configs.Config) {
		cfg.Douyin.Trade.RefundPage = configs.Page{Path: "pages/refund/detail", Params: map[string]string{"no": "{out_refund_no}", "order": "{order_id}", "of": "{out_order_no}"}}
	})
	var refunds []string
	for n := range orders {
		no := fmt.Sprint(1 + n)
		f.request(no, 1000)
		if n%10 == 9 {
			f.must(f.douyin.CancelTrade(no))
			continue
		}
		f.must(f.douyin.PayTrade(no, 1, 0))
		if n%2 == 0 {
			id, err := f.douyin.AskRefund(simulator.AskedRefund{Order: no, Amount: 400, Audit: n%4 == 0, Reasons: []string{"不想要了"}, By: []string{"user", "service"}[n%3%2]})
			f.must(err)
			refunds = append(refunds, id)
		}
		if n%10 == 3 {
			f.must(f.douyin.SettleTrade(no))
		}
		if n == orders/2 {
			stop() // and what Douyin sends meanwhile comes again
		}
		if n == orders*3/4 {
			stop = f.run(func(cfg *configs.Config) { cfg.Douyin.Trade.RefundPage = configs.Page{Path: "pages/another/page"} })
		}
	}
	await(t, func() error {
		for _, r := range f.douyin.Trade().Refunds {
			if r.Answer == "" || r.Status == simulator.Processing || !r.Callback.Answered {
				return fmt.Errorf("an answer to the question of a refund, and its end: %+v", r)
			}
		}
		return nil
	})
	f.askAgain(refunds)
	stop()
	f.run(func(*configs.Config) {}) // no page at all, and the answers of before
	f.askAgain(refunds)
	await(t, f.differs)
	if book := f.douyin.Trade(); len(book.Violations) > 0 {
		t.Errorf("violations %+v", book.Violations)
	}
	if strings.Contains(f.log.String(), buyersOpenID) || strings.Contains(f.log.String(), "_000sim") {
		t.Error("the log holds an open_id")
	}
}

// askAgain: Douyin has lost the answers.
func (f *front) askAgain(refunds []string) {
	f.t.Helper()
	for _, id := range refunds {
		before := f.asked(id).Asked.Deliveries
		f.must(f.douyin.AskAgain(id))
		awaitFor(f.t, "another delivery", func() bool { return f.asked(id).Asked.Deliveries > before })
	}
}

// differs is what the rows do not say as Douyin's ledger does.
func (f *front) differs() error {
	f.t.Helper()
	book := f.douyin.Trade()
	for _, o := range book.Orders {
		p, found, err := f.store.AnyPayment(f.t.Context(), o.OutOrderNo)
		f.must(err)
		paid := o.PayStatus == simulator.Succeeded
		if !found || paid != (p.State == store.PaymentSuccess) || p.DouyinOrderID != o.OrderID || p.OrderID != o.OutOrderNo || p.Alarm != "" {
			return fmt.Errorf("payment %+v, Douyin has %+v", p, o)
		}
	}
	for _, r := range book.Refunds {
		i, found, err := f.store.Instruction(f.t.Context(), store.Refund, r.OutRefundNo)
		f.must(err)
		want := map[simulator.Status]store.MoneyState{simulator.Succeeded: store.MoneySucceeded, simulator.Failed: store.MoneyFailed}[r.Status]
		if !found || i.State != want || i.PlatformNo != r.RefundID || int64(i.Amount) != r.Amount || i.OrderID != r.OutOrderNo || i.Alarm != "" || i.Audit.State == store.AuditNeeded {
			return fmt.Errorf("refund %+v, Douyin has %+v", i, r)
		}
		if r.Status == simulator.Succeeded && r.Audit == simulator.AuditOvertime && i.Audit.State != store.AuditOvertime {
			return fmt.Errorf("audit %+v, Douyin has %+v", i.Audit, r)
		}
	}
	for _, s := range book.Settlements {
		i, found, err := f.store.Instruction(f.t.Context(), store.Settlement, s.OutSettleNo)
		f.must(err)
		if !found || i.State != store.MoneySucceeded || int64(i.Amount) != s.Amount || i.Origin != store.OriginAuto || i.Alarm != "" {
			return fmt.Errorf("settlement %+v, Douyin has %+v", i, s)
		}
	}
	if len(book.Refunds) == 0 || len(book.Settlements) == 0 {
		return errors.New("nothing has happened")
	}
	return nil
}

// A refund's answer comes within the second that Douyin is taken to wait, and is an error where the
// database does not answer, so that Douyin asks again.
func TestAQuestionIsAnsweredInTimeOrNotAtAll(t *testing.T) {
	f := newFront(t, 1)
	f.run(func(cfg *configs.Config) { cfg.Douyin.Trade.OrderPage = configs.Page{Path: "pages/order/detail"} })
	f.request("1", 1000)
	f.must(f.douyin.PayTrade("1", 1, 0))
	awaitFor(t, "the payment is known", func() bool { return f.douyin.Trade().Orders[0].Callback.Answered })
	if f.db.Name() == "mysql" {
		tx := f.db.Begin() // somebody has locked the order in a console
		f.must(tx.Exec("SELECT * FROM ordersync_order WHERE order_id = '1' FOR UPDATE").Error)
		id, err := f.douyin.AskRefund(simulator.AskedRefund{Order: "1", Amount: 100})
		f.must(err)
		awaitFor(t, "the first delivery has failed", func() bool { return f.asked(id).Asked.Deliveries > 0 })
		if f.asked(id).Answer != "" {
			t.Error("answered without its row")
		}
		f.must(tx.Rollback().Error)
		awaitFor(t, "the next is answered", func() bool { return f.asked(id).Answer != "" && f.asked(id).Callback.Answered })
	}
	slowest := time.Duration(0)
	for range 20 {
		began := time.Now()
		id, err := f.douyin.AskRefund(simulator.AskedRefund{Order: "1", Amount: 1})
		f.must(err)
		awaitFor(t, "an answer", func() bool { return f.asked(id).Answer != "" })
		awaitFor(t, "its end", func() bool { return f.asked(id).Callback.Answered })
		slowest = max(slowest, time.Since(began))
	}
	if v := f.douyin.Trade().Violations; len(v) > 0 {
		t.Errorf("violations %+v", v)
	}
	t.Logf("the slowest question and its result: %v", slowest)
}

func (f *front) asked(id string) simulator.TradeRefund {
	f.t.Helper()
	for _, r := range f.douyin.Trade().Refunds {
		if r.RefundID == id {
			return r
		}
	}
	f.t.Fatalf("no refund %s", id)
	return simulator.TradeRefund{}
}

// Whatever the configuration says, or does not say, there is an answer that Douyin takes.
func TestAnAnswerAlwaysHasAPage(t *testing.T) {
	t.Parallel()
	refund := desk.RefundAsked{OutRefundNo: "DY1", OutOrderNo: "T1", OrderID: `7"`}
	long := configs.Page{Path: "pages/refund/detail", Params: map[string]string{"no": strings.Repeat("{out_refund_no}", 150), "x": strings.Repeat("x", 400)}}
	for name, c := range map[string]struct {
		change func(*configs.Douyin)
		page   string
		notify string
		logged bool
	}{
		"nothing is configured": {func(*configs.Douyin) {}, `{"path":"pages/index/index"}`, "", false},
		"the order's page":      {func(d *configs.Douyin) { d.Trade.OrderPage.Path = "pages/order/detail" }, `{"path":"pages/order/detail"}`, "", false},
		"the refund's page, filled": {func(d *configs.Douyin) {
			d.Trade.OrderPage.Path = "pages/order/detail"
			d.Trade.RefundPage = configs.Page{Path: "pages/refund/detail", Params: map[string]string{"b": "{out_refund_no}-{order_id}", "a": "{out_order_no}"}}
			d.NotifyURL = "https://shop.example.com/callbacks/douyin"
		}, `{"path":"pages/refund/detail","params":"{\"a\":\"T1\",\"b\":\"DY1-7\\\"\"}"}`, "https://shop.example.com/callbacks/douyin", false},
		"params too long when filled":       {func(d *configs.Douyin) { d.Trade.RefundPage = long }, `{"path":"pages/refund/detail"}`, "", true},
		"an address that Douyin won't take": {func(d *configs.Douyin) { d.NotifyURL = "http://shop.example.com/" }, `{"path":"pages/index/index"}`, "", true},
		"a simulator's":                     {func(d *configs.Douyin) { d.NotifyURL, d.OpenURL = "http://a/", "http://b" }, `{"path":"pages/index/index"}`, "http://a/", false},
	} {
		cfg := configs.Default().Douyin
		c.change(&cfg)
		var log bytes.Buffer
		answer, err := refundAnswer(cfg, zerolog.New(&log))(refund)
		var got struct {
			ErrNo int `json:"err_no"`
			Data  struct {
				OutRefundNo string          `json:"out_refund_no"`
				Page        json.RawMessage `json:"order_entry_schema"`
				NotifyURL   string          `json:"notify_url"`
			} `json:"data"`
		}
		if err != nil || json.Unmarshal(answer, &got) != nil || got.ErrNo != 0 || got.Data.OutRefundNo != "DY1" {
			t.Errorf("%s: %s, %v", name, answer, err)
		}
		if string(got.Data.Page) != c.page || got.Data.NotifyURL != c.notify || (log.Len() > 0) != c.logged {
			t.Errorf("%s: %s, log %s", name, answer, &log)
		}
	}
}
