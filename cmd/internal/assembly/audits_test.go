package assembly

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// court is a shop with Douyin's other side: buyers ask for refunds there, and the shop says its
// words through a worker and a scheduler. Who answers pre_create_refund is the test.
type court struct {
	t      *testing.T
	bank   *simulator.Server
	store  *store.Store
	audits desk.Audits
	signer *trade.Signer
	keys   func(body []byte, h http.Header) (trade.Callback, error)
}

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newCourt(t *testing.T, db *gorm.DB, policy string, change func(*simulator.Config)) *court {
	t.Helper()
	c := &court{t: t}
	shop := httptest.NewServer(http.HandlerFunc(c.hear))
	t.Cleanup(shop.Close)
	sim := simulator.Config{
		AppID: "tt1", Secret: "secret", NotifyURL: shop.URL, RedeliveryScale: 0.0001,
		Trade: simulator.Trade{AppKey: &appKey().PublicKey, KeyVersion: "1", AuditWindow: time.Hour},
	}
	if change != nil {
		change(&sim)
	}
	c.bank = simulator.New(sim)
	t.Cleanup(func() { _ = c.bank.Close() })
	platform, err := trade.ParsePublicKey(c.bank.PlatformKey())
	if err != nil {
		t.Fatal(err)
	}
	c.keys = func(body []byte, h http.Header) (trade.Callback, error) {
		return trade.VerifyCallback(h, body, platform)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(appKey())})
	if c.signer, err = trade.NewSigner(trade.SignerConfig{AppID: "tt1", PrivateKey: string(private), KeyVersion: "1"}); err != nil {
		t.Fatal(err)
	}
	douyin := httptest.NewServer(c.bank)
	t.Cleanup(douyin.Close)

	cfg := configs.Default()
	cfg.Douyin.BaseURL, cfg.Douyin.OpenURL, cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.RateLimit = douyin.URL, douyin.URL, "tt1", "secret", 0
	cfg.Shop.Status, cfg.Refunds.Audit = sampleshop.Words(), policy
	cfg.Douyin.Trade.PlatformKey = configs.Secret(c.bank.PlatformKey())
	cfg.Scheduler.SweepEvery, cfg.Scheduler.OutboxEvery = 100*time.Millisecond, 100*time.Millisecond
	a := New(cfg, zerolog.Nop(), WithDB(db), WithRedis(servertest.Redis(t)), WithBackoff(worker.Backoff{Scale: 0.01}), WithGrace(300*time.Millisecond))
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	if c.store, err = a.Store(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := sampleshop.Create(t.Context(), db, ""); err != nil {
		t.Fatal(err)
	}
	if c.audits, err = a.Audits(); err != nil {
		t.Fatal(err)
	}
	servers, err := a.Worker()
	if err != nil {
		t.Fatal(err)
	}
	if err := servers.Start(); err != nil {
		t.Fatal(err)
	}
	jobs, err := a.Scheduler()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); jobs.Run(ctx) }()
	t.Cleanup(func() { stop(); <-over })
	return c
}

// hear opens the row of what Douyin asks about, and answers.
func (c *court) hear(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	callback, err := c.keys(body, r.Header)
	if err != nil || callback.RefundRequest == nil {
		_, _ = io.WriteString(w, trade.Taken)
		return
	}
	asked := callback.RefundRequest
	number, deadline := trade.RefundNo(asked.RefundID), asked.Deadline
	_, err = c.store.HearTradeRefund(r.Context(), store.TradeRefund{
		Number: number, RefundID: asked.RefundID, Origin: store.OriginUser, State: store.MoneySubmitted, Amount: store.Fen(asked.Amount),
		Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: time.Now(), DueAt: time.Now().Add(time.Hour),
	})
	answer, bad := trade.RefundAnswer{OutRefundNo: number, Page: trade.Page{Path: "pages/refund"}}.Encode()
	if err != nil || bad != nil {
		_, _ = io.WriteString(w, trade.NotTaken)
		return
	}
	_, _ = w.Write(answer)
}

// buyer pays an order and asks for its money back.
func (c *court) buyer(no string) (number string) {
	c.t.Helper()
	data, err := trade.Payment{
		OutOrderNo: no, TotalAmount: 990, OrderPage: trade.Page{Path: "pages/order"},
		SKU: trade.SKU{ID: "1", Price: 990, Quantity: 1, Title: "t", Image: "https://img.example.com/1.jpg", GoodsType: 401, TagGroupID: "tag_group_7272625659888041996"},
	}.Data()
	if err != nil {
		c.t.Fatal(err)
	}
	signed, err := c.signer.SignRequest(data)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.bank.RequestOrder(signed.Data, signed.ByteAuthorization, ""); err != nil {
		c.t.Fatal(err)
	}
	if err := c.bank.PayTrade(no, 1, 0); err != nil {
		c.t.Fatal(err)
	}
	refundID, err := c.bank.AskRefund(simulator.AskedRefund{Order: no, Audit: true, Reasons: []string{"不想要了"}})
	if err != nil {
		c.t.Fatal(err)
	}
	number = trade.RefundNo(refundID)
	c.until(func() bool {
		_, found, err := c.store.Instruction(c.t.Context(), store.Refund, number)
		return err == nil && found
	}, "the refund of "+no+" is opened")
	return number
}

func (c *court) until(done func() bool, what string) {
	c.t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for late := time.After(30 * time.Second); !done(); {
		select {
		case <-look.C:
		case <-late:
			c.t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// decided waits until the row and Douyin's ledger say the same.
func (c *court) decided(number string, want store.AuditState) store.Instruction {
	c.t.Helper()
	var got store.Instruction
	words := map[store.AuditState]simulator.Audit{store.AuditAgreed: simulator.AuditAgreed, store.AuditDenied: simulator.AuditDenied, store.AuditOvertime: simulator.AuditOvertime}
	c.until(func() bool {
		i, _, err := c.store.Instruction(c.t.Context(), store.Refund, number)
		got = i
		return err == nil && i.Audit.State == want && i.Audit.DueAt == nil
	}, fmt.Sprintf("the audit of %s is %s", number, want))
	ledger := c.bank.Trade().Refunds
	n := slices.IndexFunc(ledger, func(r simulator.TradeRefund) bool { return trade.RefundNo(r.RefundID) == number })
	if n < 0 || ledger[n].Audit != words[want] {
		c.t.Errorf("%s: Douyin's ledger says %+v, the row %s", number, ledger, want)
	}
	return got
}

// clean checks that Douyin has nothing to complain of, and how many words took effect.
func (c *court) clean(words int64) {
	c.t.Helper()
	if v := c.bank.Trade().Violations; len(v) > 0 {
		c.t.Errorf("violations: %+v", v)
	}
	calls := c.bank.Stats().Calls["trade.refund_audit"]
	took := calls.OK // those whose answer is lost among them
	if took != words {
		c.t.Errorf("%d words took effect, want %d: %+v", took, words, calls)
	}
}

// Words over the API's desk, the outbox and the policy reach Douyin once, whatever is lost on the way.
func TestAWordReachesDouyinsLedgerOnce(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		c := newCourt(t, db, "manual", nil)
		agreed, denied, byOutbox := c.buyer("T1"), c.buyer("T2"), c.buyer("T3")
		if _, fresh, err := c.audits.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: agreed, Agree: new(true)}, "api"); err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		if _, _, err := c.audits.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: denied, Agree: new(false), DenyMessage: "已使用"}, "api"); err != nil {
			t.Fatal(err)
		}
		by := "outbox"
		if db.Name() == "sqlite" { // where the relay's transaction keeps everybody else from writing
			by = "cli"
			if _, _, err := c.audits.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: byOutbox, Agree: new(true)}, by); err != nil {
				t.Fatal(err)
			}
		} else if err := db.Exec("INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('audit', '1', ?)", `{"out_refund_no":"`+byOutbox+`","agree":true}`).Error; err != nil {
			t.Fatal(err)
		}
		if i := c.decided(agreed, store.AuditAgreed); i.State.Final() && i.State != store.MoneySucceeded {
			t.Errorf("agreed, and it is %s", i.State)
		}
		if i := c.decided(denied, store.AuditDenied); i.State != store.MoneyFailed || i.Message != "已使用" {
			t.Errorf("denied: %s, %q", i.State, i.Message)
		}
		if i := c.decided(byOutbox, store.AuditAgreed); i.Audit.By != by {
			t.Errorf("by %q", i.Audit.By)
		}
		c.clean(3)
		var logged int
		if err := db.Raw("SELECT COUNT(*) FROM ordersync_log WHERE call_name = 'trade.refund.audit' AND outcome = 'succeeded'").Row().Scan(&logged); err != nil || logged != 3 {
			t.Errorf("%d calls logged, %v", logged, err)
		}
	})
}

// The first word of each refund meets a fault; most of them take effect all the same.
func TestALostAnswerIsAskedAbout(t *testing.T) {
	for _, kind := range []simulator.Kind{simulator.CutAfter, simulator.CutBefore, simulator.SystemErrorAfter, simulator.TooMany} {
		t.Run(string(kind), func(t *testing.T) {
			c := newCourt(t, servertest.DB(t), "agree", nil)
			if err := c.bank.SetFaults(simulator.Plan{Faults: []simulator.Fault{{Op: "trade.refund_audit", Kind: kind, PerOrder: 1}}}); err != nil {
				t.Fatal(err)
			}
			for _, number := range []string{c.buyer("T1"), c.buyer("T2"), c.buyer("T3")} {
				if i := c.decided(number, store.AuditAgreed); i.Audit.By != "ordersync" || i.Audit.Tries > 2 || i.Alarm != store.AlarmUnknownOrder { // the shop has none of them
					t.Errorf("by %q, %d tries, alarm %q", i.Audit.By, i.Audit.Tries, i.Alarm)
				}
			}
			c.clean(3)
		})
	}
}

// Nobody says a word: Douyin agrees at the deadline, and the row says so. A word that comes behind
// it is refused, and one that Douyin had overtaken is for a person.
func TestADeadlineThatPassesIsTakenOver(t *testing.T) {
	c := newCourt(t, servertest.DB(t), "manual", func(cfg *simulator.Config) { cfg.Trade.AuditWindow = 2 * time.Second })
	silent := c.buyer("T1")
	i := c.decided(silent, store.AuditOvertime)
	if i.Audit.Word != "" || i.State == store.MoneyFailed {
		t.Errorf("%+v, %s", i.Audit, i.State)
	}
	if _, _, err := c.audits.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: silent, Agree: new(false), DenyMessage: "late"}, "api"); err == nil || !strings.Contains(err.Error(), "decided") {
		t.Errorf("a word behind the deadline: %v", err)
	}
	if err := c.bank.SetFaults(simulator.Plan{Faults: []simulator.Fault{{Op: "trade.refund_audit", Kind: simulator.CutBefore}}}); err != nil {
		t.Fatal(err)
	}
	overtaken := c.buyer("T2")
	if _, _, err := c.audits.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: overtaken, Agree: new(false), DenyMessage: "no"}, "api"); err != nil {
		t.Fatal(err)
	}
	if i := c.decided(overtaken, store.AuditOvertime); i.Alarm != store.AlarmContradiction {
		t.Errorf("the shop said no, Douyin yes, and the alarm is %q", i.Alarm)
	}
	c.clean(0)
}
