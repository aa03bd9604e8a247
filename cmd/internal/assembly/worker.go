package assembly

import (
	"context"
	"fmt"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
	"github.com/ordersync/ordersync/worker/tuning"
)

// Worker is the servers of a worker process with their handlers, not started yet. Closing the
// assembly shuts them down: whoever is parked goes back to the queue, calls in flight end and are
// written down.
func (a *Assembly) Worker() (*worker.Servers, error) {
	return a.worker.get(func() (*worker.Servers, error) {
		servers, line, err := a.servers()
		if err != nil {
			return nil, err
		}
		a.onClose("worker", func(ctx context.Context) error {
			line.Stop()
			err := servers.Shutdown(ctx)
			a.workerStuck.Store(err != nil)
			return err
		})
		return servers, nil
	})
}

func (a *Assembly) servers() (*worker.Servers, *worker.Line, error) {
	traces := a.tracing() // before the servers, so that it is closed after them
	redis, err := a.Redis()
	if err != nil {
		return nil, nil, err
	}
	push, err := a.pushHandler()
	if err != nil {
		return nil, nil, err
	}
	handlers := worker.Handlers{Push: push}
	if err := a.moneyHandlers(&handlers); err != nil {
		return nil, nil, err
	}
	audit, err := a.auditHandler()
	if err != nil {
		return nil, nil, err
	}
	if audit != nil {
		handlers.Audit = audit
	}
	payment, err := a.paymentHandler()
	if err != nil {
		return nil, nil, err
	}
	if payment != nil {
		handlers.Payment = payment
	}
	handlers = worker.Handlers{
		Push: traces.Handler(handlers.Push), Payment: traces.Handler(handlers.Payment),
		Refund: traces.Handler(handlers.Refund), Settle: traces.Handler(handlers.Settle), Refunds: traces.Handler(handlers.Refunds),
		Audit: traces.Handler(handlers.Audit),
	}
	servers, err := worker.NewServers(worker.Config{
		Redis: tuning.GatherScripts(redis), Backoff: a.backoff, Log: a.log.With().Str("lib", "asynq").Logger(),
		InHand: a.cfg.Worker.Concurrency + a.cfg.Worker.Prefetch, PushServers: a.cfg.Worker.Servers,
		ShutdownTimeout: a.cfg.Worker.ShutdownTimeout,
	}, handlers)
	return servers, push.Line, err
}

func (a *Assembly) pushHandler() (*worker.PushHandler, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	gate, err := a.Gate()
	if err != nil {
		return nil, err
	}
	client, err := a.UngatedDouyin() // the line passes the gate before an attempt is announced
	if err != nil {
		return nil, err
	}
	build, err := builder(a.cfg)
	if err != nil {
		return nil, err
	}
	keep, err := a.keeper(st, gate)
	if err != nil {
		return nil, err
	}
	shelter := &worker.Shelter{OnState: a.databaseTurned}
	a.metrics.WatchDatabase(shelter.Unwell)
	traces := a.tracing()
	line := &worker.Line{
		Slots: worker.NewSlots(a.cfg.Worker.Concurrency), Shelter: shelter, Gate: a.metrics.Gate(gate),
		Douyin: traces.Pusher(client), Watch: traces.Gate,
	}
	return &worker.PushHandler{
		Orders: traces.Orders(st), Line: line, Build: build, Keep: keep, Unit: timeUnit(a.cfg.Douyin),
		CallTimeout: a.cfg.Douyin.Timeout, Grace: a.cfg.Scheduler.SweepAfter, Now: st.Clock,
		Sick: sick(gate, douyin.OpOrderPush), Log: a.log, Observe: a.pushed,
	}, nil
}

// databaseTurned says that tasks are kept from a database that fails everybody, and that they go
// on.
func (a *Assembly) databaseTurned(err error) {
	if err != nil {
		a.log.Error().Err(err).Msg("database: fails everybody, tasks wait and one at a time tries")
		return
	}
	a.log.Info().Msg("database: works again, tasks go on")
}

// pushAgain asks for a push of an order that a handler has changed, because of cause.
func (a *Assembly) pushAgain(cause tasks.Cause) (func(ctx context.Context, orderID string) error, error) {
	queue, err := a.AsynqClient()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, orderID string) error {
		_, err := tasks.Enqueue(ctx, queue, tasks.PushOrder{OrderID: orderID, Cause: cause})
		return err
	}, nil
}

// pushed is told of every run of a push.
func (a *Assembly) pushed(attempt worker.Attempt) {
	a.metrics.Push(attempt)
	if a.observe != nil {
		a.observe(attempt)
	}
}

// builder makes what Douyin is told out of the shop's rows.
func builder(cfg *configs.Config) (*worker.Builder, error) {
	shop := cfg.Shop
	b := &worker.Builder{
		Shop: schema(shop), DetailURL: shop.DetailURL, ImageBaseURL: shop.ImageBaseURL, ItemCode: shop.ItemCode,
		ShowPartial: cfg.Refunds.ShowPartial,
	}
	if shop.SQL.Order == "" && shop.Columns.Status == "" {
		return b, nil
	}
	b.Statuses = make(map[string]douyin.OrderStatus, len(shop.Status))
	for value, word := range shopWords(shop) {
		s, err := douyin.ParseOrderStatus(word)
		if err != nil {
			return nil, fmt.Errorf("shop.status.%s: %w", value, err)
		}
		b.Statuses[value] = s
	}
	return b, nil
}
