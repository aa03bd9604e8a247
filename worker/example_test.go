package worker_test

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/gate"
	"github.com/ordersync/ordersync/douyin/tokencache"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
	"github.com/ordersync/ordersync/worker/tuning"
)

// A program of one's own pushes orders: it brings its database, its Redis and its credentials, and
// runs the servers until ctx ends. Package cmd/internal/assembly does the same for ordersync, with
// money, metrics and traces. Something has to ask again for what Redis loses: package scheduler.
func ExampleNewServers() {
	run := func(ctx context.Context, dsn, appID, secret string, rdb redis.UniversalClient, log zerolog.Logger) (err error) {
		db, err := store.Open(dsn)
		if err != nil {
			return err
		}
		st, err := store.New(db, store.Config{}) // the PHP class's schema; else store.Config.Schema
		if err != nil {
			return err
		}
		defer st.Close()
		if _, err := st.Migrate(ctx); err != nil {
			return err
		}

		app := douyin.Config{AppID: appID, Secret: secret}
		fetcher, err := douyin.NewTokenFetcher(app)
		if err != nil {
			return err
		}
		token, err := tokencache.New(tokencache.Config{Redis: rdb, AppID: appID, Secret: secret, Fetcher: fetcher})
		if err != nil {
			return err
		}
		defer token.Close()
		// The handler enters the gate before it announces an attempt, so the client has none.
		client, err := douyin.NewClient(app, token)
		if err != nil {
			return err
		}
		g, err := gate.New(gate.Config{AppID: appID, Redis: rdb, MaxPark: 7 * time.Second})
		if err != nil {
			return err
		}

		const atDouyin, inHand = 50, 100
		line := &worker.Line{Slots: worker.NewSlots(atDouyin), Shelter: &worker.Shelter{}, Gate: g, Douyin: client}
		push := &worker.PushHandler{
			Orders: st, Line: line,
			Build: &worker.Builder{Statuses: map[string]douyin.OrderStatus{"1": douyin.Paid}, DetailURL: "pages/course/course"},
			Now:   st.Clock, Log: log,
			Sick: func() bool { return g.State(douyin.OpOrderPush) != "closed" },
		}
		servers, err := worker.NewServers(worker.Config{
			Redis: tuning.GatherScripts(rdb), InHand: inHand, PushServers: 2,
			ShutdownTimeout: 75 * time.Second, Log: log,
		}, worker.Handlers{Push: push})
		if err != nil {
			return err
		}
		if err := servers.Start(); err != nil {
			return err
		}
		<-ctx.Done()
		line.Stop() // whoever is parked goes back to the queue
		return errors.Join(ctx.Err(), servers.Shutdown(context.WithoutCancel(ctx)))
	}
	_ = run
}
