package assembly

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/metrics"
	"github.com/ordersync/ordersync/cmd/internal/probe"
	"github.com/ordersync/ordersync/cmd/internal/traces"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/gate"
	"github.com/ordersync/ordersync/douyin/tokencache"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/worker"
)

// Assembly holds the parts of one process. Its methods may be called from any goroutine; the zero
// value is not usable.
type Assembly struct {
	cfg *configs.Config
	log zerolog.Logger

	db        part[*gorm.DB]
	store     part[*store.Store]
	redis     part[redis.UniversalClient]
	asynq     part[tasks.Queue]
	inspector part[*asynq.Inspector]
	tokens    part[*tokencache.Cache]
	gate      part[*gate.Gate]
	douyin    part[*douyin.Client]

	clientTokens part[*tokencache.Cache]
	trade        part[*trade.Client]

	gateway  part[*gateway.Gateway]
	ready    part[*probe.Ready]
	worker   part[*worker.Servers]
	traces   part[*traces.Traces]
	statuses part[*statuses]

	metrics *metrics.Metrics
	build   metrics.Build
	roles   roles
	called  atomic.Pointer[gate.Gate] // the gate, once there is one
	watched part[struct{}]

	backoff worker.Backoff
	observe func(worker.Attempt)
	polls   []time.Duration
	grace   time.Duration

	workerStuck atomic.Bool // its servers did not end

	mu      sync.Mutex
	closers []closer // in the order of building
}

type closer struct {
	name  string
	close func(context.Context) error
}

// Option hands a part in that was made elsewhere.
type Option func(*Assembly)

// WithDB uses db in place of mysql.dsn. Close does not close it.
func WithDB(db *gorm.DB) Option { return func(a *Assembly) { a.db.give(db) } }

// WithRedis uses client in place of redis.uri. Close does not close it.
func WithRedis(client redis.UniversalClient) Option {
	return func(a *Assembly) { a.redis.give(client) }
}

// WithBackoff uses other waits between attempts than production's.
func WithBackoff(b worker.Backoff) Option { return func(a *Assembly) { a.backoff = b } }

// WithPolls asks for payments, refunds and settlements at another pace than production's.
func WithPolls(waits ...time.Duration) Option {
	return func(a *Assembly) { a.polls = waits }
}

// firstPoll is the first of WithPolls; 0: production's.
func (a *Assembly) firstPoll() time.Duration {
	if len(a.polls) == 0 {
		return 0
	}
	return a.polls[0]
}

// WithGrace looks after d, in place of production's two minutes, at a refund or settlement whose
// request left and whose answer nobody wrote down, because the worker died.
func WithGrace(d time.Duration) Option { return func(a *Assembly) { a.grace = d } }

// WithBuild names the program in its metrics.
func WithBuild(b metrics.Build) Option { return func(a *Assembly) { a.build = b } }

// WithObserver tells f of every run of a push at its end.
func WithObserver(f func(worker.Attempt)) Option {
	return func(a *Assembly) { a.observe = f }
}

// New builds nothing yet. cfg is copied.
func New(cfg *configs.Config, log zerolog.Logger, opts ...Option) *Assembly {
	own := *cfg
	a := &Assembly{cfg: &own, log: log}
	routeLibraries(log)
	for _, o := range opts {
		o(a)
	}
	a.metrics = metrics.New(a.build)
	return a
}

// lastWait is what a part still gets to end in when ctx has ended already: enough for what waits
// for nobody.
const lastWait = 200 * time.Millisecond

// Close tears down what was built, last first. Errors are joined, each with its part's name;
// nothing is left out because something before it failed. A part that waits for a server that does
// not answer is left behind when ctx ends, and the error names it: the process is about to end. A
// second Close does nothing.
func (a *Assembly) Close(ctx context.Context) error {
	a.mu.Lock()
	closers := a.closers
	a.closers = nil
	a.mu.Unlock()
	var all []error
	for i := len(closers) - 1; i >= 0; i-- {
		if err := closers[i].within(ctx); err != nil {
			all = append(all, fmt.Errorf("close %s: %w", closers[i].name, err))
		}
	}
	return errors.Join(all...)
}

// within closes the part and waits until ctx has ended, or for a moment where it has ended already.
func (c closer) within(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- c.close(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last := time.NewTimer(lastWait)
	defer last.Stop()
	select {
	case err := <-ended:
		return err
	case <-last.C:
		return errors.New("it did not end in time")
	}
}

func (a *Assembly) onClose(name string, f func(context.Context) error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closers = append(a.closers, closer{name, f})
}

// DB is the shop's database. It is not connected to before its first use.
func (a *Assembly) DB() (*gorm.DB, error) {
	return a.db.get(func() (*gorm.DB, error) {
		if err := a.cfg.Require("mysql.dsn"); err != nil {
			return nil, err
		}
		encrypted, err := a.cfg.MySQL.TLS()
		if err != nil {
			return nil, err
		}
		db, err := store.Open(a.cfg.MySQL.DSN.Reveal(), store.WithTLS(encrypted))
		if err != nil {
			return nil, err
		}
		pool, err := db.DB()
		if err != nil {
			return nil, fmt.Errorf("database pool: %w", err)
		}
		a.onClose("database", func(context.Context) error { return pool.Close() })
		return db, nil
	})
}

// Redis is the connection pool that all parts share. It is not connected to before its first use.
func (a *Assembly) Redis() (redis.UniversalClient, error) {
	return a.redis.get(func() (redis.UniversalClient, error) {
		if err := a.cfg.Require("redis.uri"); err != nil {
			return nil, err
		}
		o, err := a.cfg.Redis.Options()
		if err != nil {
			return nil, err
		}
		client := dial(o)
		a.onClose("redis", func(context.Context) error {
			if a.workerStuck.Load() {
				return nil // asynq's subscriber panics when the client that it reads from is closed; the process ends anyway
			}
			return client.Close()
		})
		return client, nil
	})
}

func dial(o configs.RedisOptions) redis.UniversalClient {
	switch {
	case o.Cluster != nil:
		return redis.NewClusterClient(o.Cluster)
	case o.Sentinel != nil:
		return redis.NewFailoverClient(o.Sentinel)
	}
	return redis.NewClient(o.Single)
}

// AsynqClient enqueues, also what was refused or given up under the same name. It needs no closing
// of its own: the connections are Redis's.
func (a *Assembly) AsynqClient() (tasks.Queue, error) {
	return a.asynq.get(func() (tasks.Queue, error) {
		r, err := a.Redis()
		if err != nil {
			return tasks.Queue{}, err
		}
		inspector, err := a.Inspector()
		if err != nil {
			return tasks.Queue{}, err
		}
		return tasks.Queue{Client: asynq.NewClientFromRedisClient(r), Inspector: inspector}, nil
	})
}

// Inspector looks into queues and mends them. It needs no closing of its own.
func (a *Assembly) Inspector() (*asynq.Inspector, error) {
	return a.inspector.get(func() (*asynq.Inspector, error) {
		r, err := a.Redis()
		if err != nil {
			return nil, err
		}
		return asynq.NewInspectorFromRedisClient(r), nil
	})
}
