package assembly

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// court is a scene in which buyers ask Douyin for refunds, and the shop says its words. Who answers
// pre_create_refund is the test.
type court struct {
	*scene
	audits desk.Audits
	keys   func(body []byte, h http.Header) (trade.Callback, error)
}

func newCourt(t *testing.T, db *gorm.DB, policy string, play simulator.Trade) *court {
	t.Helper()
	c := &court{}
	shop := httptest.NewServer(http.HandlerFunc(c.hear))
	t.Cleanup(shop.Close)
	c.scene = newScene(t, sceneConfig{db: db, douyin: simulator.Config{NotifyURL: shop.URL, RedeliveryScale: 0.0001, Trade: play}})
	platform, err := trade.ParsePublicKey(c.douyin.PlatformKey())
	if err != nil {
		t.Fatal(err)
	}
	c.keys = func(body []byte, h http.Header) (trade.Callback, error) {
		return trade.VerifyCallback(h, body, platform)
	}
	a := c.process(func(cfg *configs.Config) {
		cfg.Refunds.Audit, cfg.Douyin.Trade.PlatformKey = policy, configs.Secret(c.douyin.PlatformKey())
		cfg.Scheduler.OutboxEvery = 100 * time.Millisecond
	}, WithBackoff(worker.Backoff{Scale: 0.01}), WithGrace(300*time.Millisecond))
	if c.audits, err = a.Audits(); err != nil {
		t.Fatal(err)
	}
	start(t, a)
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
	c.pay(no, 990)
	refundID, err := c.douyin.AskRefund(simulator.AskedRefund{Order: no, Audit: true, Reasons: []string{"不想要了"}})
	if err != nil {
		c.t.Fatal(err)
	}
	number = trade.RefundNo(refundID)
	awaitFor(c.t, "the refund of "+no+" is opened", func() bool {
		_, found, err := c.store.Instruction(c.t.Context(), store.Refund, number)
		return err == nil && found
	})
	return number
}

// decided waits until the row and Douyin's ledger say the same.
func (c *court) decided(number string, want store.AuditState) store.Instruction {
	c.t.Helper()
	var got store.Instruction
	words := map[store.AuditState]simulator.Audit{store.AuditAgreed: simulator.AuditAgreed, store.AuditDenied: simulator.AuditDenied, store.AuditOvertime: simulator.AuditOvertime}
	awaitFor(c.t, fmt.Sprintf("the audit of %s is %s", number, want), func() bool {
		i, _, err := c.store.Instruction(c.t.Context(), store.Refund, number)
		got = i
		return err == nil && i.Audit.State == want && i.Audit.DueAt == nil
	})
	ledger := c.douyin.Trade().Refunds
	n := slices.IndexFunc(ledger, func(r simulator.TradeRefund) bool { return trade.RefundNo(r.RefundID) == number })
	if n < 0 || ledger[n].Audit != words[want] {
		c.t.Errorf("%s: Douyin's ledger says %+v, the row %s", number, ledger, want)
	}
	return got
}

// clean checks that Douyin has nothing to complain of, and how many words took effect.
func (c *court) clean(words int64) {
	c.t.Helper()
	if v := c.douyin.Trade().Violations; len(v) > 0 {
		c.t.Errorf("violations: %+v", v)
	}
	calls := c.douyin.Stats().Calls["trade.refund_audit"]
	took := calls.OK // those whose answer is lost among them
	if took != words {
		c.t.Errorf("%d words took effect, want %d: %+v", took, words, calls)
	}
}

// Words over the API's desk, the outbox and the policy reach Douyin once, whatever is lost on the
// way.
func TestAWordReachesDouyinsLedgerOnce(t *testing.T) {
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		c := newCourt(t, db, "manual", simulator.Trade{AuditWindow: time.Hour})
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
			c := newCourt(t, servertest.DB(t), "agree", simulator.Trade{AuditWindow: time.Hour})
			if err := c.douyin.SetFaults(simulator.Plan{Faults: []simulator.Fault{{Op: "trade.refund_audit", Kind: kind, PerOrder: 1}}}); err != nil {
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
	c := newCourt(t, servertest.DB(t), "manual", simulator.Trade{AuditWindow: 2 * time.Second})
	silent := c.buyer("T1")
	i := c.decided(silent, store.AuditOvertime)
	if i.Audit.Word != "" || i.State == store.MoneyFailed {
		t.Errorf("%+v, %s", i.Audit, i.State)
	}
	if _, _, err := c.audits.Audit(t.Context(), tasks.AuditRequest{OutRefundNo: silent, Agree: new(false), DenyMessage: "late"}, "api"); err == nil || !strings.Contains(err.Error(), "decided") {
		t.Errorf("a word behind the deadline: %v", err)
	}
	if err := c.douyin.SetFaults(simulator.Plan{Faults: []simulator.Fault{{Op: "trade.refund_audit", Kind: simulator.CutBefore}}}); err != nil {
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
