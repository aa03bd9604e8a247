package assembly

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/gate"
)

// roles are what this process does, with the signs of life that say so.
type roles struct {
	mu    sync.Mutex
	all   []string
	hurry chan struct{} // nil: no sign of life is given yet
}

// add adds a role; first tells that somebody has to begin to give the signs of life.
func (r *roles) add(role string) (hurry chan struct{}, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.all, role) {
		r.all = append(r.all, role)
	}
	if first = r.hurry == nil; first {
		r.hurry = make(chan struct{}, 1)
	}
	return r.hurry, first
}

// Lives tells the others, from now on until Close, that this process has a role: alive.Gateway,
// alive.Worker or alive.Scheduler. A Redis that does not answer is no error.
func (a *Assembly) Lives(role string) error {
	rdb, err := a.Redis()
	if err != nil {
		return err
	}
	hurry, first := a.roles.add(role)
	if !first {
		select {
		case hurry <- struct{}{}:
		default: // somebody has hurried it already
		}
		return nil
	}
	beat := &alive.Beat{Redis: rdb, Describe: a.describe(), Hurry: hurry, Log: a.log}
	ctx, stop := context.WithCancel(context.Background())
	var beating sync.WaitGroup
	beating.Go(func() { beat.Run(ctx) })
	a.onClose("signs of life", func(context.Context) error {
		stop()
		beating.Wait()
		return nil
	})
	return nil
}

// Deployment is what all processes of one deployment have alike: the app, and the name of the database, not of
// its host, which may have several. Each may be empty.
func (a *Assembly) Deployment() (app, database string) {
	if dsn, err := mysql.ParseDSN(a.cfg.MySQL.DSN.Reveal()); err == nil {
		database = dsn.DBName
	}
	return a.cfg.Douyin.AppID, database
}

// describe describes this process as it is at each call.
func (a *Assembly) describe() func() alive.Process {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	p := alive.Process{Host: host, PID: os.Getpid(), Version: a.build.Version, Commit: a.build.Commit, Started: time.Now().UTC().Truncate(time.Second)}
	p.App, p.Database = a.Deployment()
	p.ID = fmt.Sprintf("%s-%d-%d", host, p.PID, p.Started.Unix()) // in a container every process has the number 1
	return func() alive.Process {
		now := p
		a.roles.mu.Lock()
		now.Roles = slices.Clone(a.roles.all)
		a.roles.mu.Unlock()
		if g := a.called.Load(); g != nil {
			now.Breakers = map[string]string{
				gate.Pushes: g.State(douyin.OpOrderPush), gate.Signed: g.State(douyin.OpRefundCreate), gate.Trade: g.State(douyin.TradePrefix),
			}
		}
		return now
	}
}
