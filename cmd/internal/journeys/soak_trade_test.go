package journeys

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// modernKinds is how many kinds of orders of trade there are: id%modernKinds says what becomes of one.
// Of three orders one is refunded by the shop, one by its buyer, and one is settled.
const modernKinds = 12

// modernBank is the side of the storm that is of trade (通用交易系统).
type modernBank struct {
	wishes          // of the shop
	first, last int // ids of its orders
	bank        *simulator.Server
	till        atomic.Pointer[running] // a gateway that makes payments of trade
	askedFor    atomic.Int64            // refunds that buyers have asked for
	said        atomic.Int64            // words of the shop on them
	denied      atomic.Int64            // those that are no
}

// modern tells whether an order is of trade.
func (s *soak) modern(id int) bool {
	return s.modernBank != nil && id >= s.modernBank.first && id <= s.modernBank.last
}

// moving is how many refunds and settlements have not ended at Douyin.
func (m *modernBank) moving() (n int) {
	book := m.bank.Trade()
	for _, r := range book.Refunds {
		if endOf(r) == "submitted" {
			n++
		}
	}
	for _, r := range book.Settlements {
		if r.Status != simulator.Succeeded && r.Status != simulator.Failed {
			n++
		}
	}
	return n
}

// TestBothSystemsMoveMoneyOnceWhateverHappens is the storm of TestMoneyMovesOnceWhateverHappens with
// orders of trade beside those of ecpay: payments that the shop signs, refunds of the shop's, whole
// and in part, refunds that buyers ask Douyin for, some with an audit that is agreed to or denied,
// and settlements.
func TestBothSystemsMoveMoneyOnceWhateverHappens(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	n := soakCount(t) / 2
	s := newSoak(t, max(soakLeast, n))
	orders := (s.n*soakKinds + 7) / 8
	ctx, cancel := context.WithTimeout(t.Context(), patience+time.Duration(4*s.n)*500*time.Millisecond)
	defer cancel()
	started := time.Now()
	s.sellAll(orders)
	s.alsoTrade(orders, 3*s.n)
	s.serve()
	s.openTill()
	s.makePayments(ctx)
	s.shop.sell(t, 3*s.n)
	if err := s.bank.SetFaults(weather(s.number(failsOnce), s.number(failsForGood))); err != nil {
		t.Fatal(err)
	}
	s.report("%d orders of ecpay and %d of trade are sold", orders, 3*s.n)
	for id := range s.shop.state {
		if s.modern(id) {
			s.customer(func() error { return s.tradeModern(ctx, id) })
		} else {
			s.customer(func() error { return s.trade(ctx, id) })
		}
	}
	s.killThemAll(ctx, 3*s.n) // well above half of the money
	s.report("%d processes were killed; %d instructions have ended", s.kills, s.moved())
	s.awaitEnd(ctx)
	s.report("nothing is open any more")

	s.askThemAllAgain(ctx)
	s.checkMoney(ctx)
	s.checkModernMoney(ctx)
	s.checkAnswers()
	s.checkPayments()
	s.checkQueues()
	s.checkLogs()
	s.tellStory(time.Since(started))
}

// alsoTrade configures trade, and Douyin for it.
func (s *soak) alsoTrade(orders, modern int) {
	s.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	s.bank.SetAppKey(&key.PublicKey, "7")
	s.modernBank = &modernBank{
		wishes: wishes{refunds: map[string]int{}, settlements: map[string]int{}}, first: orders + 1, last: orders + modern, bank: s.bank,
	}
	s.environ = append(s.environ,
		"ORDERSYNC_DOUYIN__OPEN_URL="+s.url,
		"ORDERSYNC_DOUYIN__TRADE__PRIVATE_KEY="+string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		"ORDERSYNC_DOUYIN__TRADE__KEY_VERSION=7",
		"ORDERSYNC_DOUYIN__TRADE__PLATFORM_KEY="+s.bank.PlatformKey(),
		"ORDERSYNC_DOUYIN__TRADE__GOODS_TYPE=401",
		"ORDERSYNC_DOUYIN__TRADE__TAG_GROUP_ID=tag_group_7272625659888041996",
		`ORDERSYNC_DOUYIN__TRADE__ORDER_PAGE={"path":"pages/order/detail","params":{"no":"{out_order_no}"}}`,
		`ORDERSYNC_DOUYIN__TRADE__REFUND_PAGE={"path":"pages/refund/detail","params":{"no":"{out_refund_no}"}}`,
	)
}

// openTill starts the gateway that makes payments of trade; the storm's own makes those of ecpay.
func (s *soak) openTill() {
	s.t.Helper()
	if s.mysql == nil {
		s.modernBank.till.Store(s.app.Load())
	}
	args := []string{"gateway"}
	r := s.launch.start(s.t, append(slices.Clone(s.environ), "ORDERSYNC_DOUYIN__PAYMENTS=trade"), args...)
	s.logs = append(s.logs, r.log)
	till := r.listens(s.t, args)
	s.modernBank.till.Store(till)
	var letters atomic.Int64
	s.post.gateway = func() string { // every second callback goes to it, so that both answer alike
		if letters.Add(1)%2 == 0 {
			return till.addr
		}
		return s.app.Load().addr
	}
}

// payment is what POST /v1/payments answers for one of trade.
type payment struct {
	System            string `json:"system"`
	Data              string `json:"data"`
	ByteAuthorization string `json:"byteAuthorization"`
}

// makePayments signs the payments, and lets the mini-app request them. The shop has none of the orders yet.
func (s *soak) makePayments(ctx context.Context) {
	s.t.Helper()
	for id := s.modernBank.first; id <= s.modernBank.last; id++ {
		var p payment
		status, err := exchange(ctx, http.MethodPost, "http://"+s.modernBank.till.Load().addr+"/v1/payments", map[string]any{
			"out_order_no": outNo(id), "total_amount": fen(id), "subject": "零基础学吉他", "image": "https://cdn.example.com/2.jpg", "valid_time": 3600,
		}, &p)
		if err != nil || status != http.StatusOK || p.System != "trade" {
			s.t.Fatalf("a payment of trade is answered with HTTP %d, system %q, %v", status, p.System, err)
		}
		if _, err := s.bank.RequestOrder(p.Data, p.ByteAuthorization, openIDMark+"1"); err != nil {
			s.t.Fatalf("tt.requestOrder refuses %s: %v", p.Data, err)
		}
	}
}

// tradeModern is what the customers of one order of trade want, and what they are told.
func (s *soak) tradeModern(ctx context.Context, id int) error {
	if err := s.bank.PayTrade(outNo(id), 10, 0); err != nil {
		return err
	}
	no, all, part := s.number(id), fen(id), max(1, fen(id)/2)
	switch kind := id % modernKinds; {
	case kind < 2: // all of it back, asked for twice
		if err := s.refundModern(ctx, id, no, all); err != nil {
			return err
		}
		return s.refundModern(ctx, id, no, all)
	case kind == 2: // a part
		return s.refundModern(ctx, id, no, part)
	case kind == 3: // two parts at once: the second waits its turn
		if err := s.refundModern(ctx, id, no, part); err != nil || all-part == 0 {
			return err
		}
		return s.refundModern(ctx, id, outNo(id)+"-2", all-part)
	case kind == 4: // the buyer a part, and the shop the rest at the same moment: Douyin takes one after the other
		var shop, buyer error
		var both sync.WaitGroup
		both.Go(func() { shop = s.refundModern(ctx, id, no, all-part) })
		both.Go(func() { buyer = s.askDouyin(ctx, id, kind, int64(part)) })
		both.Wait()
		return errors.Join(shop, buyer)
	case kind < 8:
		return s.askDouyin(ctx, id, kind, 0)
	}
	return s.settleModern(ctx, id, no)
}

func (s *soak) refundModern(ctx context.Context, id int, no string, amount int) error {
	status, err := s.instruct(ctx, fmt.Sprintf("/v1/orders/%d/refunds", id), tasks.RefundRequest{OutRefundNo: no, AmountFen: int64(amount), Reason: "退款 " + no})
	if err = is(status, err, "refund "+no); err == nil {
		s.modernBank.acknowledged(s.modernBank.refunds, no, amount)
	}
	return err
}

func (s *soak) settleModern(ctx context.Context, id int, no string) error {
	status, err := s.instruct(ctx, fmt.Sprintf("/v1/orders/%d/settlements", id), tasks.SettleRequest{OutSettleNo: no, Desc: "分账"})
	if err = is(status, err, "settlement "+no); err == nil {
		s.modernBank.acknowledged(s.modernBank.settlements, no, id)
	}
	return err
}

// askDouyin is a buyer's way: kind 4 and 5 need no audit, 6 is agreed to, 7 denied. amount 0: all.
func (s *soak) askDouyin(ctx context.Context, id, kind int, amount int64) error {
	audited, refundID := kind >= 6, ""
	err := s.until(ctx, soakAgain, func() (done bool, err error) {
		refundID, err = s.bank.AskRefund(simulator.AskedRefund{Order: outNo(id), Amount: amount, Audit: audited, Reasons: []string{"不想要了"}})
		if errors.Is(err, simulator.ErrAsked) && kind == 4 { // the shop's is under way
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return err
	}
	s.modernBank.askedFor.Add(1)
	if !audited {
		return nil
	}
	s.modernBank.said.Add(1)
	word := map[string]any{"agree": true}
	if kind == 7 {
		s.modernBank.denied.Add(1)
		word = map[string]any{"agree": false, "deny_message": "课程已经看完"}
	}
	no := "DY" + refundID
	defer func() { s.complain(s.bank.AskAgain(refundID)) }()
	return s.until(ctx, soakAgain, func() (bool, error) { // its callback may not have come yet: 404
		status, err := s.instruct(ctx, "/v1/refunds/"+no+"/audit", word)
		if err == nil && status == http.StatusNotFound {
			return false, nil
		}
		return true, is(status, err, "the audit of "+no)
	})
}
