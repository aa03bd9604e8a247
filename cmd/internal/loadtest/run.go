package loadtest

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// Options of a load test.
type Options struct {
	MySQL    configs.MySQL // a database of the test's own is created beside the one it names, and dropped in the end
	Redis    redis.UniversalClient
	RedisURI string // the same, for the children
	Orders   int    // in each round
	Handlers int
	Prefetch int // of ordersync; a yardstick has a handler for each order in hand
	Servers  int
	Rounds   int
	Steady   time.Duration // how long the steady rate is kept
	Command  []string      // that runs Child in a process
	Out      io.Writer
	Lang     lang.Lang // of the report
}

// test is one run of all.
type test struct {
	Options
	db        *gorm.DB
	dsn       string
	encrypted *tls.Config // nil: as the DSN says
	queue     *asynq.Client
	shop      *sampleshop.Shop
	rates     map[string][]float64
	busy      map[string][]float64 // beside rates
	rss       uint64
}

// Run prints the report. Redis must be empty: its database is flushed between the rounds.
func Run(ctx context.Context, o Options) (err error) {
	t := &test{Options: o, rates: map[string][]float64{}, busy: map[string][]float64{}}
	if err := t.checkRedis(ctx); err != nil {
		return err
	}
	drop, err := t.createDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop(), o.Redis.FlushDB(context.WithoutCancel(ctx)).Err()) }()
	t.queue = asynq.NewClientFromRedisClient(o.Redis)

	fmt.Fprintln(o.Out, o.Lang.T("%d orders a round, %d handlers (ordersync: and %d more orders in hand), %d fetch loops, %d rounds in turn; MariaDB/MySQL, Redis, simulator and worker on this machine\n",
		o.Orders, o.Handlers, o.Prefetch, o.Servers, o.Rounds))
	if err := t.rounds(ctx, 0, modeNoop, modeCall, modePlain, modePipeline); err != nil {
		return err
	}
	fast := median(t.rates[modePipeline])
	t.reportRates()
	if err := t.slowDouyin(ctx); err != nil {
		return err
	}
	return t.steady(ctx, fast/2)
}

func (t *test) checkRedis(ctx context.Context) error {
	n, err := t.Redis.DBSize(ctx).Result()
	switch {
	case err != nil:
		return fmt.Errorf("redis.uri: %w", err)
	case n > 0:
		return fmt.Errorf("redis.uri: the database holds %d keys: name an empty one (redis://host:6379/9), it is flushed between the rounds", n)
	}
	return nil
}

// createDatabase makes a database beside the shop's.
func (t *test) createDatabase(ctx context.Context) (drop func() error, err error) {
	cfg, err := mysql.ParseDSN(t.MySQL.DSN.Reveal())
	if err != nil {
		return nil, errors.New("mysql.dsn: is not a DSN of go-sql-driver/mysql")
	}
	if t.encrypted, err = t.MySQL.TLS(); err != nil {
		return nil, err
	}
	admin, err := store.Open(t.MySQL.DSN.Reveal(), store.WithTLS(t.encrypted))
	if err != nil {
		return nil, err
	}
	cfg.DBName = "ordersync_loadtest_" + strconv.Itoa(os.Getpid())
	if err := admin.WithContext(ctx).Exec("CREATE DATABASE `" + cfg.DBName + "` CHARACTER SET utf8mb4").Error; err != nil {
		return nil, fmt.Errorf("mysql.dsn: the user must be allowed to create database %s: %w", cfg.DBName, err)
	}
	drop = func() error { return admin.Exec("DROP DATABASE `" + cfg.DBName + "`").Error }
	t.dsn = cfg.FormatDSN()
	if err := t.fillDatabase(ctx); err != nil {
		return nil, errors.Join(err, drop())
	}
	return drop, nil
}

func (t *test) fillDatabase(ctx context.Context) (err error) {
	if t.db, err = store.Open(t.dsn, store.WithTLS(t.encrypted)); err != nil {
		return err
	}
	st, err := store.New(t.db, store.Config{})
	if err != nil {
		return err
	}
	if _, err := st.Migrate(ctx); err != nil {
		return err
	}
	if t.shop, err = sampleshop.Create(ctx, t.db, ""); err != nil {
		return err
	}
	orders := make([]sampleshop.Order, t.Orders)
	for i := range orders {
		orders[i] = sampleshop.Order{
			ID: int64(i + 1), UserID: int64(1 + i%50), ProductID: int64(1 + i%10), CourseID: int64(1 + i%10), Amount: "19.99",
			Status: sampleshop.Paid, CreateTime: time.Now().Add(-time.Hour),
		}
	}
	return t.shop.AddOrders(ctx, orders)
}

// rounds runs the modes in turn, with Douyin answering after latency. Every round begins with another one, so that none always
// follows the same.
func (t *test) rounds(ctx context.Context, latency time.Duration, modes ...string) error {
	for i := range t.Rounds {
		for j := range modes {
			mode := modes[(i+j)%len(modes)]
			r, err := t.round(ctx, mode, latency)
			if err != nil {
				return fmt.Errorf("%s: %w", mode, err)
			}
			t.rates[mode] = append(t.rates[mode], float64(t.Orders)/r.Seconds)
			t.busy[mode] = append(t.busy[mode], r.Busy)
			if mode == modePipeline {
				t.rss = max(t.rss, r.PeakRSS)
			}
		}
	}
	return nil
}

func (t *test) files() [3]string {
	return [3]string{t.MySQL.CAFile, t.MySQL.CertFile, t.MySQL.KeyFile}
}

func (t *test) round(ctx context.Context, mode string, latency time.Duration) (result, error) {
	if err := t.reset(ctx); err != nil {
		return result{}, err
	}
	if err := t.fill(ctx); err != nil {
		return result{}, err
	}
	douyin, stop, err := t.child(ctx, job{Mode: modeSimulator, Latency: latency})
	if err != nil {
		return result{}, err
	}
	defer stop()
	handlers := t.Handlers
	if mode == modeCrowd {
		mode, handlers = modePipeline, handlers*crowdFactor
	}
	worker, stopWorker, err := t.child(ctx, job{
		Mode: mode, MySQL: t.dsn, TLS: t.files(), Redis: t.RedisURI, Douyin: douyin.first, Handlers: handlers, Prefetch: t.Prefetch, Servers: t.Servers, Orders: t.Orders,
	})
	if err != nil {
		return result{}, err
	}
	defer stopWorker()
	return worker.result()
}

// reset forgets what earlier rounds did.
func (t *test) reset(ctx context.Context) error {
	for _, table := range []string{"ordersync_order", "ordersync_log"} {
		if err := t.db.WithContext(ctx).Exec("TRUNCATE TABLE " + table).Error; err != nil {
			return err
		}
	}
	if err := t.db.WithContext(ctx).Exec("DROP TABLE IF EXISTS plain_log").Error; err != nil {
		return err
	}
	return t.Redis.FlushDB(ctx).Err()
}

// fill enqueues one push for every order.
func (t *test) fill(ctx context.Context) error {
	items := make([]tasks.Wanted, t.Orders)
	for i := range items {
		items[i].PushOrder = tasks.PushOrder{OrderID: strconv.Itoa(i + 1), Revision: "load", Cause: tasks.CausePaid}
	}
	for _, r := range tasks.EnqueueMany(ctx, t.queue, items) {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

// process is a child and the first line it printed.
type process struct {
	first string
	out   *bufio.Reader
}

// child starts a process and waits for its first line. stop ends it.
func (t *test) child(ctx context.Context, j job) (*process, func(), error) {
	cmd := exec.CommandContext(ctx, t.Command[0], t.Command[1:]...) //nolint:gosec // our own binary
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		_ = in.Close() // the child ends with its input
		_ = cmd.Wait()
	}
	p := &process{out: bufio.NewReader(out)}
	err = json.NewEncoder(in).Encode(j)
	if err == nil {
		p.first, err = p.out.ReadString('\n')
		p.first = strings.TrimSpace(p.first)
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("child %s: %w", j.Mode, err)
	}
	return p, stop, nil
}

func (p *process) result() (r result, err error) {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return r, fmt.Errorf("no result: %w", err)
	}
	return r, json.Unmarshal(line, &r)
}

// ratio is a mode's rate in rates of another one, each round's for itself: what slows the machine down slows both.
func (t *test) ratio(mode, of string) float64 {
	ratios := slices.Clone(t.rates[mode])
	for i := range ratios {
		ratios[i] /= t.rates[of][i]
	}
	return median(ratios)
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
