package playground

import (
	"context"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/metrics"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/worker"
)

// Ground is what ordersync is started on.
type Ground struct {
	DB      *gorm.DB
	Redis   string // host:port
	Config  *configs.Config
	Gateway func(http.Handler)                      // serves the gateway; it is called once
	Pages   func(http.Handler)                      // serves the operators' pages; nil: there are none
	Around  func(gateway http.Handler) http.Handler // stands before the gateway; nil: nothing does
	Version string                                  // of the program; empty: not told
	Log     zerolog.Logger
}

// grace is how long after a request whose answer was lost Douyin is asked what became of it.
const grace = 3 * time.Second

// Start makes ordersync's tables and runs gateway, pages, workers and scheduler until c is closed.
// till is the address of the second gateway, which makes payments in the other system.
func Start(ctx context.Context, g Ground, c *Closers) (parts *assembly.Assembly, till string, err error) {
	client := redis.NewClient(&redis.Options{Addr: g.Redis, MaintNotificationsConfig: nil})
	c.Add(func() { _ = client.Close() })
	options := []assembly.Option{
		assembly.WithDB(g.DB), assembly.WithRedis(client), assembly.WithBackoff(worker.Backoff{Scale: 0.05}),
		assembly.WithPolls(time.Second), assembly.WithGrace(grace), assembly.WithBuild(metrics.Build{Version: g.Version}),
	}
	build := func(cfg *configs.Config) *assembly.Assembly {
		a := assembly.New(cfg, g.Log, options...)
		c.Add(func() { _ = a.Close(context.WithoutCancel(ctx)) })
		return a
	}
	parts = build(g.Config)
	st, err := parts.Store()
	if err != nil {
		return nil, "", err
	}
	if _, err := st.Migrate(ctx); err != nil {
		return nil, "", err
	}
	gateway, err := parts.Gateway()
	if err != nil {
		return nil, "", err
	}
	var front http.Handler = gateway
	if g.Around != nil {
		front = g.Around(gateway)
	}
	g.Gateway(front)
	if g.Pages != nil {
		pages, err := parts.Admin()
		if err != nil {
			return nil, "", err
		}
		g.Pages(pages)
	}
	second, err := build(otherSystem(g.Config)).Gateway()
	if err != nil {
		return nil, "", err
	}
	if till, err = c.ServeAnywhere(ctx, second); err != nil {
		return nil, "", err
	}
	return parts, till, work(ctx, parts, c)
}

// otherSystem is cfg with payments in the other one of Douyin's two systems.
func otherSystem(cfg *configs.Config) *configs.Config {
	other := *cfg
	other.Douyin.Payments = "trade"
	if cfg.Douyin.Payments == "trade" {
		other.Douyin.Payments = "ecpay"
	}
	return &other
}

// work runs workers and scheduler, which end with ctx or when c is closed.
func work(ctx context.Context, parts *assembly.Assembly, c *Closers) error {
	servers, err := parts.Worker()
	if err != nil {
		return err
	}
	if err := servers.Start(); err != nil {
		return err
	}
	clock, err := parts.Scheduler()
	if err != nil {
		return err
	}
	for _, role := range []string{alive.Gateway, alive.Worker, alive.Scheduler} {
		if err := parts.Lives(role); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	rung := make(chan struct{})
	go func() { clock.Run(ctx); close(rung) }()
	c.Add(func() {
		stop()
		<-rung
	})
	return nil
}
