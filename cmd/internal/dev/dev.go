package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/cmd/internal/playground"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/tasks/client"
)

// Options of one run.
type Options struct {
	Addr     string // of the gateway; pages, Douyin's side and Redis have the three ports behind it
	Dir      string // where the state is kept; it is made where it is missing
	Payments string // the system in which the gateway makes payments: trade or ecpay
	Traffic  bool   // orders go through all the time
	Forward  string // a callback handler that gets every callback too; empty: none
	Out      io.Writer
	Log      zerolog.Logger // of the parts
	Version  string         // of the program, for the pages
	Lang     lang.Lang      // of what is written to Out
}

// TakenError is a port that another process has.
type TakenError struct{ What, Addr string }

// Error says which port, and what to do.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%s: %s is taken: end the program that listens there (another ordersync dev?), or name another first port with --addr", e.What, e.Addr)
}

// redeliveryScale makes Douyin's first pause between deliveries 3 s, and 72 hours for an audit 14.
const redeliveryScale = 0.2

// deployment is one run.
type deployment struct {
	Options
	folder  folder
	entries entries
	at      addresses
	doors   doors
	step    atomic.Value // string: what is being prepared
	db      *gorm.DB
	shop    *sampleshop.Shop
	douyin  *simulator.Server
	parts   *assembly.Assembly
	modern  *client.Client // makes payments of trade
	classic *client.Client // makes payments of ecpay
	held    atomic.Bool    // callbacks are held back
	sky     atomic.Value   // string: what is broken at Douyin
	closers playground.Closers
	steady  sync.WaitGroup // what runs until the end
}

// doors are the ports that answer before what belongs there can.
type doors struct{ gateway, pages, douyin *playground.Door }

// addresses are where the parts listen.
type addresses struct{ gateway, pages, douyin, redis string }

// portsOf are the addresses that begin at addr.
func portsOf(addr string) (a addresses, err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return a, err
	}
	first, err := strconv.Atoi(port)
	if err != nil || first < 1 || first > 65535-3 {
		return a, fmt.Errorf("port %q: want a number from 1 to %d, with three free ones behind it", port, 65535-3)
	}
	for i, to := range []*string{&a.gateway, &a.pages, &a.douyin, &a.redis} {
		*to = net.JoinHostPort(host, strconv.Itoa(first+i))
	}
	return a, nil
}

// CheckAddr tells what is wrong with Options.Addr.
func CheckAddr(addr string) error {
	_, err := portsOf(addr)
	return err
}

// Run runs a deployment until ctx ends. A port that is taken is a *TakenError, a folder that another
// run has is an *InUseError.
func Run(ctx context.Context, o Options) (err error) {
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return err
	}
	d := &deployment{Options: o, folder: folder(o.Dir)}
	defer d.closers.Close()
	if d.at, err = portsOf(o.Addr); err != nil {
		return err
	}
	d.prepares(preparesKeys)
	if err := d.bind(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := d.open(ctx); err != nil {
		return err
	}
	missing, err := d.missing(ctx)
	if err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	d.tell(len(missing) > 0)
	if len(missing) > 0 {
		if err := d.furnish(ctx, missing); err != nil && ctx.Err() == nil {
			return fmt.Errorf("sample orders: %w", err)
		}
	}
	if o.Traffic {
		d.steady.Go(func() { d.traffic(ctx) })
	}
	<-ctx.Done()
	d.steady.Wait()
	fmt.Fprintln(d.Out, d.Lang.T("\nThe end. The state is kept in %s.", o.Dir))
	return nil
}

// bind takes the fixed ports first: what is taken is said before anything is made. From then on they
// answer, and say what is being prepared.
func (d *deployment) bind(ctx context.Context) error {
	ports := map[string]net.Listener{}
	for _, p := range []struct{ what, addr string }{
		{"gateway", d.at.gateway}, {"operators' pages", d.at.pages}, {"Douyin's side", d.at.douyin}, {"Redis", d.at.redis},
	} {
		l, _, err := playground.Listen(ctx, p.addr)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return &TakenError{p.what, p.addr}
		case err != nil:
			return fmt.Errorf("%s: %w", p.what, err)
		}
		ports[p.addr] = l
		d.closers.Add(func() { _ = l.Close() })
	}
	d.doors = doors{
		gateway: d.closers.Open(ports[d.at.gateway], http.HandlerFunc(askAgain)),
		pages:   d.closers.Open(ports[d.at.pages], http.HandlerFunc(d.wait)),
		douyin:  d.closers.Open(ports[d.at.douyin], http.HandlerFunc(d.wait)),
	}
	// miniredis binds by itself: the port was free a moment ago.
	return ports[d.at.redis].Close()
}

// open brings up what stands outside ordersync.
func (d *deployment) open(ctx context.Context) error {
	leave, err := d.folder.take()
	if err != nil {
		return err
	}
	d.closers.Add(leave)
	if d.entries, err = d.folder.entries(); err != nil {
		return err
	}
	d.prepares(preparesShop)
	if d.db, d.shop, err = d.folder.shop(ctx); err != nil {
		return err
	}
	if pool, err := d.db.DB(); err == nil {
		d.closers.Add(func() { _ = pool.Close() })
	}
	return d.openDouyin()
}

// openDouyin brings up Douyin's side, as it was.
func (d *deployment) openDouyin() error {
	book, closes, err := d.folder.ledger()
	if err != nil {
		return err
	}
	d.closers.Add(closes)
	d.douyin = playground.NewDouyin(d.entries.Keys, "http://"+d.at.gateway, redeliveryScale, book.keep, d.Log)
	d.closers.Add(func() { _ = d.douyin.Close() })
	if err := book.remember(d.douyin); err != nil {
		return d.folder.spoilt(douyinFile, err)
	}
	return nil
}

// start brings up Redis and ordersync. The ports answer when it returns.
func (d *deployment) start(ctx context.Context) error {
	d.prepares(preparesParts)
	redis, stop, err := playground.StartRedis(d.at.redis)
	if err != nil {
		return err
	}
	d.closers.Add(stop)
	callbacks, err := d.callbacks(playground.Callbacks(d.shop))
	if err != nil {
		return err
	}
	handler, err := d.closers.ServeAnywhere(ctx, callbacks)
	if err != nil {
		return err
	}
	cfg, err := d.config(handler)
	if err != nil {
		return err
	}
	ground := playground.Ground{
		DB: d.db, Redis: redis, Config: cfg, Gateway: d.doors.gateway.Lead, Pages: d.doors.pages.Lead, Around: d.holdBack, Version: d.Version,
		Log: d.Log,
	}
	var till string
	if d.parts, till, err = playground.Start(ctx, ground, &d.closers); err != nil {
		return err
	}
	if err := d.clients(till); err != nil {
		return err
	}
	d.calm()
	d.doors.douyin.Lead(d.douyinSide())
	return nil
}

// config is ordersync's. Callbacks are handed on to handler.
func (d *deployment) config(handler string) (*configs.Config, error) {
	cfg := playground.Config("http://"+d.at.douyin, d.douyin.PlatformKey(), d.entries.Keys, handler, d.entries.Token)
	cfg.Douyin.Payments = d.Payments
	cfg.Gateway.Addr, cfg.Admin.Addr = d.at.gateway, d.at.pages // the page of settings shows them
	cfg.Admin.TimeZone = "Local"                                // an embedded database has no zone to go by
	return cfg, playground.LetIn(cfg, d.entries.Password)
}

// clients are those of the gateway that everybody uses, and of till, the one beside it.
func (d *deployment) clients(till string) (err error) {
	first, second := &d.modern, &d.classic
	if d.Payments == "ecpay" {
		first, second = second, first
	}
	if *first, err = client.New(client.Config{URL: "http://" + d.at.gateway, Token: d.entries.Token}); err != nil {
		return err
	}
	*second, err = client.New(client.Config{URL: till, Token: d.entries.Token})
	return err
}

// holdBack refuses callbacks while they are held back. Douyin brings them again later.
func (d *deployment) holdBack(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.held.Load() && r.URL.Path == "/callbacks/douyin" {
			http.Error(w, "callbacks are held back by the page of Douyin's side", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}
