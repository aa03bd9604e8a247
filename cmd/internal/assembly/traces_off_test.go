package assembly

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/worker"
)

// A process without traces runs what it would run if there were none.
func TestWithoutACollectorNothingIsWrapped(t *testing.T) {
	cfg := configs.Default()
	cfg.Douyin.AppID, cfg.Douyin.Secret, cfg.Douyin.Salt = "tt1", "secret", "salt"
	a := New(cfg, zerolog.Nop(), WithDB(servertest.DB(t)), WithRedis(servertest.Redis(t)))
	t.Cleanup(func() { _ = a.Close(t.Context()) })
	if a.tracing() != nil {
		t.Fatal("something traces")
	}
	push, err := a.pushHandler()
	if err != nil {
		t.Fatal(err)
	}
	st, err := a.Store()
	if err != nil {
		t.Fatal(err)
	}
	if push.Orders != worker.Orders(st) {
		t.Errorf("a push reads and writes through %T", push.Orders)
	}
	client, err := a.UngatedDouyin()
	if err != nil {
		t.Fatal(err)
	}
	if p := a.tracing().Pusher(client); p != worker.Pusher(client) {
		t.Errorf("a push calls through %T", p)
	}
	var handlers worker.Handlers
	if err := a.moneyHandlers(&handlers); err != nil {
		t.Fatal(err)
	}
	refund, ok := handlers.Refund.(*worker.MoneyHandler)
	if !ok || refund.Rows != worker.Instructions(st) {
		t.Errorf("refunds are moved by %T", handlers.Refund)
	}
	bank := refund.Banks[store.Ecpay].Bank
	if _, ok := bank.(worker.Refunds); !ok {
		t.Errorf("refunds call through %T", bank)
	}
	if a.douyinConfig().HTTP != nil {
		t.Error("calls to Douyin have a client of their own")
	}
}
