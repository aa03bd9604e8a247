package assembly

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// buyers is a mini-app whose buyers pay and ask for refunds at Douyin, and a shop whose gateway can be
// taken away.
type buyers struct {
	t      *testing.T
	douyin *simulator.Server
	signer *trade.Signer
	front  atomic.Pointer[http.Handler] // nil: nobody answers
	db     *gorm.DB
	rdb    redis.UniversalClient
	log    *servertest.Buffer
}

func newBuyers(t *testing.T, db *gorm.DB, orders int) *buyers {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b := &buyers{t: t, db: db, rdb: servertest.Redis(t), log: &servertest.Buffer{}}
	shown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := b.front.Load()
		if h == nil {
			panic(http.ErrAbortHandler)
		}
		(*h).ServeHTTP(w, r)
	}))
	t.Cleanup(shown.Close)
	b.douyin = simulator.New(simulator.Config{
		AppID: "tt1", Secret: "secret", NotifyURL: shown.URL + "/callbacks/douyin", ResultDelay: 2 * time.Millisecond, RedeliveryScale: 0.004,
		Trade: simulator.Trade{AppKey: &key.PublicKey, KeyVersion: "2", AuditWindow: 8 * time.Second},
	})
	t.Cleanup(func() { _ = b.douyin.Close() })
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if b.signer, err = trade.NewSigner(trade.SignerConfig{AppID: "tt1", PrivateKey: string(private), KeyVersion: "2"}); err != nil {
		t.Fatal(err)
	}
	servertest.CreateShop(t, db)
	fill(t, db, orders)
	st, err := New(configs.Default(), zerolog.Nop(), WithDB(db)).Store()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// start is a process of the shop's, which answers Douyin from now on.
func (b *buyers) start(change func(*configs.Config)) (stop func()) {
	b.t.Helper()
	cfg := configs.Default()
	cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.OpenURL, cfg.Douyin.Trade.PlatformKey = "tt1", "secret", "http://simulator", configs.Secret(b.douyin.PlatformKey())
	change(cfg)
	a := New(cfg, zerolog.New(b.log), WithDB(b.db), WithRedis(b.rdb))
	g, err := a.Gateway()
	if err != nil {
		b.t.Fatal(err)
	}
	port := g.CallbackPort()
	b.front.Store(&port)
	stop = func() {
		b.front.Store(nil)
		_ = a.Close(context.WithoutCancel(b.t.Context()))
	}
	b.t.Cleanup(stop)
	return stop
}

// request lets a buyer open the till for an order.
func (b *buyers) request(outOrderNo string) {
	b.t.Helper()
	data, err := trade.Payment{
		OutOrderNo: outOrderNo, TotalAmount: 1000, OrderPage: trade.Page{Path: "pages/order/detail"},
		SKU: trade.SKU{ID: "s", Price: 1000, Quantity: 1, Title: "课程", Image: "https://img.example.com/1.jpg", GoodsType: 401, TagGroupID: "tag_group_7272625659888041996"},
	}.Data()
	if err != nil {
		b.t.Fatal(err)
	}
	signed, err := b.signer.SignRequest(data)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.douyin.RequestOrder(signed.Data, signed.ByteAuthorization, "the-buyers-open-id"); err != nil {
		b.t.Fatal(err)
	}
}

func (b *buyers) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// Duplicates, late payments that refunds overtake, a shop that is away, and another configuration
// behind it: Douyin is answered alike each time, and the rows say what its ledger says.
func TestCallbacksOfTradeFromDouyinToTheRows(t *testing.T) {
	const orders = 40
	b := newBuyers(t, servertest.DB(t), orders)
	b.must(b.douyin.SetFaults(simulator.Plan{Faults: []simulator.Fault{
		{Op: "trade.callback_payment", Kind: simulator.Late, Probability: 0.5, DelayMS: 400},
		{Op: "trade.pre_create_refund", Kind: simulator.Lost, Probability: 0.2},
		{Op: "trade.callback_refund", Kind: simulator.Late, Probability: 0.3, DelayMS: 100},
		{Op: "trade.refund_result", Kind: simulator.Fail, Probability: 0.2},
		{Kind: simulator.Duplicate, Probability: 0.5},
	}}))
	stop := b.start(func(cfg *configs.Config) {
		cfg.Douyin.Trade.RefundPage = configs.Page{Path: "pages/refund/detail", Params: map[string]string{"no": "{out_refund_no}", "order": "{order_id}", "of": "{out_order_no}"}}
	})
	var refunds []string
	for n := range orders {
		no := fmt.Sprint(1 + n)
		b.request(no)
		if n%10 == 9 {
			b.must(b.douyin.CancelTrade(no))
			continue
		}
		b.must(b.douyin.PayTrade(no, 1, 0))
		if n%2 == 0 {
			id, err := b.douyin.AskRefund(simulator.AskedRefund{Order: no, Amount: 400, Audit: n%4 == 0, Reasons: []string{"不想要了"}, By: []string{"user", "service"}[n%3%2]})
			b.must(err)
			refunds = append(refunds, id)
		}
		if n%10 == 3 {
			b.must(b.douyin.SettleTrade(no))
		}
		if n == orders/2 {
			stop() // and what Douyin sends meanwhile comes again
		}
		if n == orders*3/4 {
			stop = b.start(func(cfg *configs.Config) { cfg.Douyin.Trade.RefundPage = configs.Page{Path: "pages/another/page"} })
		}
	}
	waits := ""
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(waits, "\n", b.log.String())
		}
	})
	awaitFor(t, "every question is answered, and every refund has ended", func() bool {
		for _, r := range b.douyin.Trade().Refunds {
			if r.Answer == "" || r.Status == simulator.Processing || !r.Callback.Answered {
				waits = fmt.Sprintf("%+v", r)
				return false
			}
		}
		return true
	})
	b.askAgain(refunds)
	stop()
	b.start(func(*configs.Config) {}) // no page at all, and the answers of before
	b.askAgain(refunds)
	st, err := New(configs.Default(), zerolog.Nop(), WithDB(b.db)).Store()
	b.must(err)
	differs := "never looked"
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(differs)
		}
	})
	awaitFor(t, "the rows say what Douyin's ledger says", func() bool { differs = b.differs(st); return differs == "" })
	if book := b.douyin.Trade(); len(book.Violations) > 0 {
		t.Errorf("violations %+v", book.Violations)
	}
	if strings.Contains(b.log.String(), "the-buyers-open-id") || strings.Contains(b.log.String(), "_000sim") {
		t.Error("the log holds an open_id")
	}
}

// askAgain: Douyin has lost the answers.
func (b *buyers) askAgain(refunds []string) {
	b.t.Helper()
	for _, id := range refunds {
		before := b.asked(id).Asked.Deliveries
		b.must(b.douyin.AskAgain(id))
		awaitFor(b.t, "another delivery", func() bool { return b.asked(id).Asked.Deliveries > before })
	}
}

// differs is what the rows do not say as Douyin's ledger does; empty: nothing.
func (b *buyers) differs(st *store.Store) string {
	b.t.Helper()
	book := b.douyin.Trade()
	for _, o := range book.Orders {
		p, found, err := st.AnyPayment(b.t.Context(), o.OutOrderNo)
		b.must(err)
		paid := o.PayStatus == simulator.Succeeded
		if !found || paid != (p.State == store.PaymentSuccess) || p.DouyinOrderID != o.OrderID || p.OrderID != o.OutOrderNo || p.Alarm != "" {
			return fmt.Sprintf("payment %+v, Douyin has %+v", p, o)
		}
	}
	for _, r := range book.Refunds {
		i, found, err := st.Instruction(b.t.Context(), store.Refund, r.OutRefundNo)
		b.must(err)
		want := map[simulator.Status]store.MoneyState{simulator.Succeeded: store.MoneySucceeded, simulator.Failed: store.MoneyFailed}[r.Status]
		if !found || i.State != want || i.PlatformNo != r.RefundID || int64(i.Amount) != r.Amount || i.OrderID != r.OutOrderNo || i.Alarm != "" || i.Audit.State == store.AuditNeeded {
			return fmt.Sprintf("refund %+v, Douyin has %+v", i, r)
		}
		if r.Status == simulator.Succeeded && r.Audit == simulator.AuditOvertime && i.Audit.State != store.AuditOvertime {
			return fmt.Sprintf("audit %+v, Douyin has %+v", i.Audit, r)
		}
	}
	for _, s := range book.Settlements {
		i, found, err := st.Instruction(b.t.Context(), store.Settlement, s.OutSettleNo)
		b.must(err)
		if !found || i.State != store.MoneySucceeded || int64(i.Amount) != s.Amount || i.Origin != store.OriginAuto || i.Alarm != "" {
			return fmt.Sprintf("settlement %+v, Douyin has %+v", i, s)
		}
	}
	if len(book.Refunds) == 0 || len(book.Settlements) == 0 {
		return "nothing has happened"
	}
	return ""
}

// A refund's answer comes within the second that Douyin is taken to wait, and is an error where the
// database does not answer, so that Douyin asks again.
func TestAQuestionIsAnsweredInTimeOrNotAtAll(t *testing.T) {
	db := servertest.DB(t)
	b := newBuyers(t, db, 1)
	b.start(func(cfg *configs.Config) { cfg.Douyin.Trade.OrderPage = configs.Page{Path: "pages/order/detail"} })
	b.request("1")
	b.must(b.douyin.PayTrade("1", 1, 0))
	awaitFor(t, "the payment is known", func() bool { return b.douyin.Trade().Orders[0].Callback.Answered })
	if db.Name() == "mysql" {
		tx := db.Begin() // somebody has locked the order in a console
		b.must(tx.Exec("SELECT * FROM ordersync_order WHERE order_id = '1' FOR UPDATE").Error)
		id, err := b.douyin.AskRefund(simulator.AskedRefund{Order: "1", Amount: 100})
		b.must(err)
		awaitFor(t, "the first delivery has failed", func() bool { return b.asked(id).Asked.Deliveries > 0 })
		if b.asked(id).Answer != "" {
			t.Error("answered without its row")
		}
		b.must(tx.Rollback().Error)
		awaitFor(t, "the next is answered", func() bool { return b.asked(id).Answer != "" && b.asked(id).Callback.Answered })
	}
	slowest := time.Duration(0)
	for range 20 {
		began := time.Now()
		id, err := b.douyin.AskRefund(simulator.AskedRefund{Order: "1", Amount: 1})
		b.must(err)
		awaitFor(t, "an answer", func() bool { return b.asked(id).Answer != "" })
		awaitFor(t, "its end", func() bool { return b.asked(id).Callback.Answered })
		slowest = max(slowest, time.Since(began))
	}
	if v := b.douyin.Trade().Violations; len(v) > 0 {
		t.Errorf("violations %+v", v)
	}
	t.Logf("the slowest question and its result: %v", slowest)
}

func (b *buyers) asked(id string) simulator.TradeRefund {
	b.t.Helper()
	for _, r := range b.douyin.Trade().Refunds {
		if r.RefundID == id {
			return r
		}
	}
	b.t.Fatalf("no refund %s", id)
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
