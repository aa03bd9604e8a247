package assembly

import (
	"context"
	"fmt"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/worker"
	"github.com/ordersync/ordersync/worker/tuning"
)

// Worker is the servers of a worker process with their handlers, not started yet. Closing the assembly shuts them down:
// whoever is parked goes back to the queue, calls in flight end and are written down.
func (a *Assembly) Worker() (*worker.Servers, error) {
	return a.worker.get(func() (*worker.Servers, error) {
		serving, stop := context.WithCancel(context.Background())
		servers, err := a.servers(serving)
		if err != nil {
			stop()
			return nil, err
		}
		a.onClose("worker", func(ctx context.Context) error {
			stop()
			err := servers.Shutdown(ctx)
			a.workerStuck.Store(err != nil)
			return err
		})
		return servers, nil
	})
}

func (a *Assembly) servers(serving context.Context) (*worker.Servers, error) {
	traces := a.tracing() // before the servers, so that it is closed after them
	redis, err := a.Redis()
	if err != nil {
		return nil, err
	}
	push, err := a.pushHandler(serving)
	if err != nil {
		return nil, err
	}
	handlers := worker.Handlers{Push: push}
	if err := a.moneyHandlers(&handlers); err != nil {
		return nil, err
	}
	handlers = worker.Handlers{Push: traces.Handler(handlers.Push), Refund: traces.Handler(handlers.Refund), Settle: traces.Handler(handlers.Settle), Payment: traces.Handler(handlers.Payment)}
	return worker.NewServers(worker.Config{
		Redis: tuning.GatherScripts(redis), Concurrency: a.cfg.Worker.Concurrency + a.cfg.Worker.Prefetch, PushServers: a.cfg.Worker.Servers,
		ShutdownTimeout: a.cfg.Worker.ShutdownTimeout, Backoff: a.backoff, Log: a.log.With().Str("lib", "asynq").Logger(),
	}, handlers)
}

func (a *Assembly) pushHandler(serving context.Context) (*worker.PushHandler, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	gate, err := a.Gate()
	if err != nil {
		return nil, err
	}
	client, err := a.UngatedDouyin() // the handler passes the gate before it announces an attempt
	if err != nil {
		return nil, err
	}
	build, err := builder(a.cfg.Shop, a.cfg.Refunds.ShowPartial)
	if err != nil {
		return nil, err
	}
	unit := douyin.Milliseconds
	if a.cfg.Douyin.UpdateTimeUnit == "s" {
		unit = douyin.Seconds
	}
	shelter := &worker.Shelter{OnState: a.databaseTurned}
	a.metrics.WatchDatabase(shelter.Unwell)
	calls, traces := worker.NewCalls(a.cfg.Worker.Concurrency), a.tracing()
	return &worker.PushHandler{
		Orders: traces.Orders(st), Build: build, Unit: unit,
		Douyin:      calls.Pusher(traces.Pusher(client)),
		Gate:        traces.Gate(calls.Gate(worker.LiveFirst(a.metrics.Gate(gate)))),
		CallTimeout: a.cfg.Douyin.Timeout, Grace: a.cfg.Scheduler.SweepAfter, Log: a.log, Serving: serving, Observe: a.pushed,
		Now: st.Clock, Shelter: shelter, Sick: func() bool { return gate.State(douyin.OpOrderPush) != "closed" },
	}, nil
}

// pushed is told of every run of a push.
func (a *Assembly) pushed(attempt worker.Attempt) {
	a.metrics.Push(attempt)
	if a.observe != nil {
		a.observe(attempt)
	}
}

func builder(shop configs.Shop, showPartial bool) (*worker.Builder, error) {
	t, c := shop.Tables, shop.Columns
	b := &worker.Builder{
		DetailURL: shop.DetailURL, ImageBaseURL: shop.ImageBaseURL, ItemCode: shop.ItemCode, ShowPartial: showPartial,
		OpenID:     worker.Column{Table: t.User, Column: c.User.OpenID},
		CoverImg:   worker.Column{Table: t.Product, Column: c.Product.CoverImg},
		CourseName: worker.Column{Table: t.Course, Column: c.Course.Name},
		OrderNo:    worker.Column{Table: t.Order, Column: c.OrderNo},
		Amount:     worker.Column{Table: t.Order, Column: c.Amount},
	}
	if c.Status == "" {
		return b, nil
	}
	b.Statuses = make(map[string]douyin.OrderStatus, len(shop.Status))
	for value, word := range shop.Status {
		s, err := douyin.ParseOrderStatus(word)
		if err != nil {
			return nil, fmt.Errorf("shop.status.%s: %w", value, err)
		}
		b.Statuses[value] = s
	}
	return b, nil
}
