package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/embedded"
	"github.com/ordersync/ordersync/worker"
)

// Options of one demo.
type Options struct {
	Orders int    // at least 1
	Faults string // a profile of the simulator: off, some, storm
	Serve  bool   // keep running when the orders have arrived, with the operators' pages, until ctx ends
	Out    io.Writer
	Color  bool           // Out is a terminal: colours, and a progress line that is rewritten in place
	Log    zerolog.Logger // of the parts; the demo's own words go to Out
}

// ErrNotInStep: some order did not arrive with its right state.
var ErrNotInStep = errors.New("some orders did not arrive with their right state")

// The simulated app. Nothing of it is secret.
const (
	appID  = "ttdemo0123456789ab"
	secret = "demo-app-secret"
	salt   = "demo-payment-salt"
	token  = "demo-callback-token"
)

// sweepEvery is how often the demo's sweep rings.
const sweepEvery = time.Second

// demo is one run.
type demo struct {
	Options
	db      *gorm.DB
	shop    *sampleshop.Shop
	douyin  *simulator.Server
	parts   *assembly.Assembly
	gateway string       // base URL
	port    net.Listener // of the gateway
	control string       // base URL of the simulator
	handler string       // URL of the shop's callback handler
	pages   string       // base URL of the operators' pages; empty: not served
	entry   string       // the operator's password
	bearer  string       // opens the gateway's API
	stories []*story
	cash    money
	cleanup []func() // last first
}

// Run runs the demo. The error is ErrNotInStep when an order did not arrive, and anything else when the demo itself failed.
func Run(ctx context.Context, o Options) error {
	d := &demo{Options: o, bearer: rand.Text()}
	defer d.close()
	started := time.Now()
	fmt.Fprintf(o.Out, "ordersync demo: %d orders, faults: %s. Redis, database, Douyin and the shop all live in this process.\n", o.Orders, o.Faults)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := d.open(ctx); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	if err := d.trade(ctx); err != nil {
		return err
	}
	arrived := d.watch(ctx)
	if err := d.report(ctx, time.Since(started)); err != nil {
		return err
	}
	if o.Serve {
		if err := d.stay(ctx); err != nil {
			return err
		}
	}
	if !arrived {
		return ErrNotInStep
	}
	return nil
}

func (d *demo) onClose(f func()) { d.cleanup = append(d.cleanup, f) }

func (d *demo) close() {
	for i := len(d.cleanup) - 1; i >= 0; i-- {
		d.cleanup[i]()
	}
}

// open brings up what stands outside ordersync: Redis, the database, the shop, Douyin.
func (d *demo) open(ctx context.Context) (err error) {
	if d.db, err = embedded.Open(); err != nil {
		return err
	}
	if pool, err := d.db.DB(); err == nil {
		d.onClose(func() { _ = pool.Close() })
	}
	if d.shop, err = sampleshop.Create(ctx, d.db, ""); err != nil {
		return err
	}
	if err := d.setOpenID(ctx, userWithoutOpenID, ""); err != nil {
		return err
	}
	if err := d.setOpenID(ctx, userOfAnotherApp, "an open_id of another app"); err != nil {
		return err
	}
	if err := d.shop.Exec(ctx, "UPDATE {product} SET cover_img = '' WHERE id = ?", productWithoutImage); err != nil {
		return err
	}
	if d.port, d.gateway, err = listen(); err != nil { // Douyin has to know where to call back
		return err
	}
	d.douyin = simulator.New(simulator.Config{
		AppID: appID, Secret: secret, Salt: salt, CallbackToken: token, NotifyURL: d.gateway + "/callbacks/douyin", RedeliveryScale: 0.02, Log: d.Log,
	})
	d.onClose(func() { _ = d.douyin.Close() })
	if err := d.douyin.SetFaults(simulator.Plan{Profile: d.Faults}); err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	if d.control, err = d.serve(d.douyin); err != nil {
		return err
	}
	d.handler, err = d.serve(http.HandlerFunc(d.shopHandler))
	return err
}

func (d *demo) setOpenID(ctx context.Context, user int, openID string) error {
	return d.shop.Exec(ctx, "UPDATE {dy_user} SET openid = ? WHERE id = ?", openID, user)
}

// start brings up ordersync itself: gateway, workers, scheduler, and the operators' pages where somebody will look at them.
func (d *demo) start(ctx context.Context) error {
	mini := miniredis.NewMiniRedis()
	if err := mini.Start(); err != nil {
		return fmt.Errorf("embedded redis: %w", err)
	}
	d.onClose(mini.Close)
	go keepTime(ctx, mini)
	client := redis.NewClient(&redis.Options{Addr: mini.Addr(), MaintNotificationsConfig: nil})
	d.onClose(func() { _ = client.Close() })

	cfg := d.config()
	if d.Serve {
		if err := d.letOperatorIn(cfg); err != nil {
			return err
		}
	}
	d.parts = assembly.New(cfg, d.Log, assembly.WithDB(d.db), assembly.WithRedis(client), assembly.WithBackoff(worker.Backoff{Scale: 0.05}), assembly.WithPolls(time.Second))
	d.onClose(func() { _ = d.parts.Close(context.WithoutCancel(ctx)) })
	st, err := d.parts.Store()
	if err != nil {
		return err
	}
	if _, err := st.Migrate(ctx); err != nil {
		return err
	}
	handler, err := d.parts.Gateway()
	if err != nil {
		return err
	}
	d.serveOn(d.port, handler)
	if d.Serve {
		if err := d.servePages(); err != nil {
			return err
		}
	}
	servers, err := d.parts.Worker()
	if err != nil {
		return err
	}
	if err := servers.Start(); err != nil {
		return err
	}
	clock, err := d.parts.Scheduler()
	if err != nil {
		return err
	}
	for _, role := range []string{alive.Gateway, alive.Worker, alive.Scheduler} {
		if err := d.parts.Lives(role); err != nil {
			return err
		}
	}
	rung := make(chan struct{})
	go func() { clock.Run(ctx); close(rung) }()
	d.onClose(func() { <-rung })
	return nil
}

func (d *demo) config() *configs.Config {
	cfg := configs.Default()
	cfg.Douyin.BaseURL, cfg.Douyin.AppID, cfg.Douyin.Secret = d.control, appID, secret
	cfg.Douyin.Salt, cfg.Douyin.CallbackToken = salt, token
	cfg.Gateway.Tokens = []configs.Secret{configs.Secret(d.bearer)}
	cfg.Douyin.Timeout = 2 * time.Second
	cfg.Douyin.RateLimit = 200
	cfg.Settle.After = settleAfter
	cfg.Callbacks.ForwardURL = d.handler
	cfg.Shop.Status = sampleshop.Words()
	cfg.Worker.Concurrency = 20
	cfg.Scheduler.SweepEvery, cfg.Scheduler.SweepAfter = sweepEvery, time.Second
	return cfg
}

// keepTime lets miniredis's keys expire: it has no clock of its own.
func keepTime(ctx context.Context, mini *miniredis.Miniredis) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			mini.FastForward(time.Second)
		case <-ctx.Done():
			return
		}
	}
}

// listen takes a free port of the loopback address.
func listen() (l net.Listener, url string, err error) {
	if l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0"); err != nil {
		return nil, "", fmt.Errorf("listen: %w", err)
	}
	return l, "http://" + l.Addr().String(), nil
}

func (d *demo) serve(h http.Handler) (url string, err error) {
	l, url, err := listen()
	if err == nil {
		d.serveOn(l, h)
	}
	return url, err
}

func (d *demo) serveOn(l net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }() // ends with Close
	d.onClose(func() { _ = srv.Close() })
}

// post asks the gateway to push orders, as a shop would.
func (d *demo) post(ctx context.Context, all []*story, cause string) error {
	type item struct {
		ID    string `json:"order_id"`
		Cause string `json:"cause"`
	}
	for len(all) > 0 {
		n := min(len(all), 500)
		items := make([]item, n)
		for i, s := range all[:n] {
			items[i] = item{s.id(), cause}
		}
		all = all[n:]
		body, err := json.Marshal(map[string]any{"orders": items})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.gateway+"/v1/orders/push", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+d.bearer)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		_ = resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return fmt.Errorf("gateway: %s: %s", resp.Status, said)
		}
	}
	return nil
}
