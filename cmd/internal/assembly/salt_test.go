package assembly

import (
	"fmt"
	"testing"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// The bug: with a wrong salt the first answer ended every refund as failed, without a question, and
// the number was dead for good. Now they wait and go on by themselves, and orders, which need no
// salt, are pushed meanwhile.
func TestAWrongSaltHoldsMoneyUpUntilItIsMended(t *testing.T) {
	if !servertest.Long(t) { // what a wrong configuration holds up looks again every ten seconds
		return
	}
	const refunds, orders = 25, 50
	s := newScene(t, sceneConfig{
		orders: orders, douyin: simulator.Config{Salt: "right", CallbackToken: "token", ResultDelay: time.Millisecond},
	})
	run := func(salt configs.Secret) (a *Assembly, stop func()) {
		a = s.process(func(cfg *configs.Config) {
			cfg.Douyin.Salt, cfg.Douyin.CallbackToken = salt, ""
			cfg.Scheduler.SweepEvery, cfg.Scheduler.SweepAfter = time.Second, 0
		}, WithPolls(time.Second), WithGrace(2*time.Second), WithBackoff(worker.Backoff{Scale: 1e-6}))
		return a, start(t, a)
	}
	a, stop := run("wrong")
	cashier, err := a.Cashier()
	if err != nil {
		t.Fatal(err)
	}
	for n := range refunds {
		if err := s.douyin.AddPaid(fmt.Sprint(1+n), 1000, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		r := tasks.RefundRequest{OutRefundNo: fmt.Sprint("R", n), OrderID: fmt.Sprint(1 + n), AmountFen: 100, Reason: "退"}
		if _, _, err := cashier.Refund(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	held := func() bool { // those that were let through before the breaker opened, and those behind it
		held, err := s.store.HeldMoney(t.Context())
		return err == nil && len(held) == 1 && held[0].Count == refunds && held[0].Code == 2008
	}
	awaitFor(t, "all refunds wait for the configuration", held)
	queue, err := a.AsynqClient()
	if err != nil {
		t.Fatal(err)
	}
	for n := range orders {
		if _, err := tasks.Enqueue(t.Context(), queue, tasks.PushOrder{OrderID: fmt.Sprint(1 + n), Cause: tasks.CausePaid}); err != nil {
			t.Fatal(err)
		}
	}
	awaitFor(t, "every order is pushed, whatever the salt", func() bool {
		var n int
		err := s.db.Raw("SELECT COUNT(*) FROM ordersync_order WHERE outcome IN ('pushed', 'settled') AND open_attempts = 0").Row().Scan(&n)
		return err == nil && n == orders
	})
	if !held() {
		t.Error("while they wait behind the breaker, the reason is forgotten")
	}
	for n := range refunds {
		i, _, err := s.store.Instruction(t.Context(), store.Refund, fmt.Sprint("R", n))
		if err != nil || i.State.Final() {
			t.Fatalf("%s is %s, %v", i.Number, i.State, err)
		}
	}
	stop()

	run("right")
	awaitFor(t, "every refund has gone on by itself", func() bool {
		var n int
		err := s.db.Raw("SELECT COUNT(*) FROM ordersync_refund WHERE state = 'succeeded' AND alarm = ''").Row().Scan(&n)
		return err == nil && n == refunds
	})
	if held, err := s.store.HeldMoney(t.Context()); err != nil || len(held) > 0 {
		t.Errorf("still held: %+v, %v", held, err)
	}
}
