package assembly

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// The bug: with a wrong salt the first answer ended every refund as failed, without a question, and the number was dead for good. Now
// they wait and go on by themselves, and orders, which need no salt, are pushed meanwhile.
func TestAWrongSaltHoldsMoneyUpUntilItIsMended(t *testing.T) {
	if !servertest.Long(t) { // what a wrong configuration holds up looks again every ten seconds
		return
	}
	const refunds, orders = 25, 50
	db, rdb := servertest.DB(t), servertest.Redis(t)
	servertest.CreateShop(t, db)
	fill(t, db, orders)
	bank := simulator.New(simulator.Config{AppID: "tt1", Secret: "secret", Salt: "right", CallbackToken: "token", ResultDelay: time.Millisecond})
	t.Cleanup(func() { _ = bank.Close() })
	shown := httptest.NewServer(bank)
	t.Cleanup(shown.Close)

	var stopped func()
	start := func(salt configs.Secret) *Assembly {
		cfg := configs.Default()
		cfg.Douyin.BaseURL, cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.Salt = shown.URL, "tt1", "secret", salt
		cfg.Scheduler.SweepEvery, cfg.Scheduler.SweepAfter = time.Second, 0
		a := New(cfg, zerolog.Nop(), WithDB(db), WithRedis(rdb), WithPolls(time.Second), WithGrace(2*time.Second), WithBackoff(worker.Backoff{Scale: 1e-6}))
		servers, err := a.Worker()
		if err != nil {
			t.Fatal(err)
		}
		if err := servers.Start(); err != nil {
			t.Fatal(err)
		}
		clock, err := a.Scheduler() // asks for results
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var rung sync.WaitGroup
		rung.Go(func() { clock.Run(ctx) })
		stopped = func() { stop(); rung.Wait() }
		t.Cleanup(stopped)
		t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
		return a
	}

	st, err := New(configs.Default(), zerolog.Nop(), WithDB(db)).Store()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := start("wrong")
	cashier, err := a.Cashier()
	if err != nil {
		t.Fatal(err)
	}
	for n := range refunds {
		if err := bank.AddPaid(fmt.Sprint(1+n), 1000, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		r := tasks.RefundRequest{OutRefundNo: fmt.Sprint("R", n), OrderID: fmt.Sprint(1 + n), AmountFen: 100, Reason: "退"}
		if _, _, err := cashier.Refund(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	held := func() bool { // those that were let through before the breaker opened, and those behind it
		held, err := st.HeldMoney(t.Context())
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
		err := db.Raw("SELECT COUNT(*) FROM ordersync_order WHERE outcome IN ('pushed', 'settled') AND open_attempts = 0").Row().Scan(&n)
		return err == nil && n == orders
	})
	if !held() {
		t.Error("while they wait behind the breaker, the reason is forgotten")
	}
	for n := range refunds {
		i, _, err := st.Instruction(t.Context(), store.Refund, fmt.Sprint("R", n))
		if err != nil || i.State.Final() {
			t.Fatalf("%s is %s, %v", i.Number, i.State, err)
		}
	}
	stopped()
	if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}

	start("right")
	awaitFor(t, "every refund has gone on by itself", func() bool {
		var n int
		err := db.Raw("SELECT COUNT(*) FROM ordersync_refund WHERE state = 'succeeded' AND alarm = ''").Row().Scan(&n)
		return err == nil && n == refunds
	})
	if held, err := st.HeldMoney(t.Context()); err != nil || len(held) > 0 {
		t.Errorf("still held: %+v, %v", held, err)
	}
}

// fill makes paid orders of 10 yuan.
func fill(t *testing.T, db *gorm.DB, orders int) {
	t.Helper()
	statements := []string{
		"INSERT INTO dy_user (id, openid) VALUES (1, 'openid-1')",
		"INSERT INTO product (id, cover_img) VALUES (1, 'https://img.example.com/1.jpg')",
		"INSERT INTO course (id, name) VALUES (1, '课程')",
	}
	for n := range orders {
		statements = append(statements, fmt.Sprintf("INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) "+
			"VALUES (%d, 1, 1, 1, '10.00', '10.00', %d, 'SN%d', '', 1)", 1+n, time.Now().Add(-time.Minute).Unix(), n))
	}
	for _, statement := range statements {
		if err := db.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
}

// awaitFor looks until done, or fails.
func awaitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	bell, end := time.NewTicker(50*time.Millisecond), time.NewTimer(time.Minute)
	defer bell.Stop()
	defer end.Stop()
	for !done() {
		select {
		case <-bell.C:
		case <-end.C:
			t.Fatal("never: " + what)
		}
	}
}
