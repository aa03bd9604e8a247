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

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/cmd/internal/playground"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store/embedded"
	"github.com/ordersync/ordersync/tasks/client"
)

// Options of one demo.
type Options struct {
	Orders int    // at least 1
	Faults string // a profile of the simulator: off, some, storm
	Serve  bool   // keep running when the orders have arrived, with the operators' pages, until ctx ends
	Out    io.Writer
	Color  bool           // Out is a terminal: colours, and a progress line that is rewritten in place
	Log    zerolog.Logger // of the parts; the demo's own words go to Out

	Version string    // of the program, for the pages
	Lang    lang.Lang // of the demo's own words
}

// ErrNotInStep: some order did not arrive with its right state.
var ErrNotInStep = errors.New("some orders did not arrive with their right state")

// redeliveryScale makes Douyin's first pause between deliveries 300 ms, and 72 hours for an audit an
// hour and a half.
const redeliveryScale = 0.02

// demo is one run.
type demo struct {
	Options
	db      *gorm.DB
	shop    *sampleshop.Shop
	douyin  *simulator.Server
	keys    playground.Keys
	parts   *assembly.Assembly
	gateway string         // base URL
	till    *client.Client // of the gateway that makes payments of trade
	port    net.Listener   // of the gateway
	control string         // base URL of the simulator
	handler string         // URL of the shop's callback handler
	pages   string         // base URL of the operators' pages; empty: not served
	entry   string         // the operator's password
	bearer  string         // opens the gateway's API
	stories []*story
	cash    money
	closers playground.Closers
}

// Run runs the demo. The error is ErrNotInStep when an order did not arrive, and anything else when the demo itself failed.
func Run(ctx context.Context, o Options) error {
	d := &demo{Options: o, bearer: rand.Text()}
	defer d.closers.Close()
	started := time.Now()
	fmt.Fprintln(o.Out, o.Lang.T("ordersync demo: %d orders, faults: %s. Redis, database, Douyin and the shop all live in this process.", o.Orders, o.Faults))
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

// open brings up what stands outside ordersync: Redis, the database, the shop, Douyin.
func (d *demo) open(ctx context.Context) (err error) {
	if d.db, err = embedded.Open(); err != nil {
		return err
	}
	if pool, err := d.db.DB(); err == nil {
		d.closers.Add(func() { _ = pool.Close() })
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
	if d.port, d.gateway, err = playground.Listen(ctx, playground.Anywhere); err != nil { // Douyin has to know where to call back
		return err
	}
	if d.keys, err = playground.NewKeys(); err != nil {
		return err
	}
	d.douyin = playground.NewDouyin(d.keys, d.gateway, redeliveryScale, nil, d.Log)
	d.closers.Add(func() { _ = d.douyin.Close() })
	if err := d.douyin.SetFaults(simulator.Plan{Profile: d.Faults}); err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	if d.control, err = d.closers.ServeAnywhere(ctx, d.douyin); err != nil {
		return err
	}
	d.handler, err = d.closers.ServeAnywhere(ctx, playground.Callbacks(d.shop))
	return err
}

func (d *demo) setOpenID(ctx context.Context, user int, openID string) error {
	return d.shop.Exec(ctx, "UPDATE {dy_user} SET openid = ? WHERE id = ?", openID, user)
}

// start brings up ordersync itself: gateway, workers, scheduler, and the operators' pages where
// somebody will look at them.
func (d *demo) start(ctx context.Context) error {
	redis, stop, err := playground.StartRedis(playground.Anywhere)
	if err != nil {
		return err
	}
	d.closers.Add(stop)
	cfg := playground.Config(d.control, d.douyin.PlatformKey(), d.keys, d.handler, d.bearer)
	ground := playground.Ground{DB: d.db, Redis: redis, Config: cfg, Gateway: d.closers.On(d.port), Version: d.Version, Log: d.Log}
	if d.Serve {
		d.entry = playground.NewPassword()
		if err := playground.LetIn(cfg, d.entry); err != nil {
			return err
		}
		l, at, err := playground.Listen(ctx, playground.Anywhere)
		if err != nil {
			return err
		}
		ground.Pages, d.pages = d.closers.On(l), at
	}
	var till string
	if d.parts, till, err = playground.Start(ctx, ground, &d.closers); err != nil {
		return err
	}
	d.till, err = client.New(client.Config{URL: till, Token: d.bearer})
	return err
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
