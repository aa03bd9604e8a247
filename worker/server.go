package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/tasks"
)

const (
	// taskCheckInterval is how long an idle fetch loop rests: about 100 ms until an idle worker
	// picks a task up, 50 Redis commands a second for an idle server with three queues. It polls,
	// for asynq has no blocking fetch.
	taskCheckInterval = 200 * time.Millisecond
	// delayedCheckInterval is how late a retry may run.
	delayedCheckInterval = time.Second
	// moneyInHand is enough for calls that Douyin limits to 30 to 50 a second.
	moneyInHand = 5
)

// Config is what the servers of one process need.
type Config struct {
	Redis redis.UniversalClient // shared by all servers; not closed here

	// InHand is how many pushes asynq gives the process at once (asynq's Concurrency), spread over
	// the push servers: worker.concurrency + worker.prefetch. At least 1. How many of them may be
	// at Douyin is for the Slots of the Line.
	InHand int
	// PushServers is the number of fetch loops for pushes. One loop takes at most one task per
	// round trip to Redis, whatever its concurrency: 9,000 a second beside Redis, 360 where a round
	// trip takes 2.6 ms. 0: 1.
	PushServers int
	// ShutdownTimeout is how long a stopping process waits for its handlers. It must be longer than
	// a task's Timeout: asynq hands a task back while its handler still runs otherwise, and another
	// process would run it a second time. Never 0, which asynq takes for 8 seconds.
	ShutdownTimeout time.Duration
	Backoff         Backoff // the zero value is production's

	Log zerolog.Logger
}

// Servers are the asynq servers of one process: several fetch loops for pushes, one each for
// refunds and settlements, so that money never waits behind a backlog of pushes and a slow
// settlement never holds a push.
type Servers struct {
	servers []*asynq.Server
	mux     *asynq.ServeMux
	hand    inHand
	longest time.Duration // that handlers may take after Stop
}

// Handlers are what the servers run. A nil handler leaves its queue alone.
type Handlers struct {
	Push, Refund, Settle asynq.Handler
	// Payment asks after payments. Its tasks are on the queue of refunds.
	Payment asynq.Handler
	// Refunds asks for a payment's refunds, and Audit takes the shop's words on refunds to Douyin. The
	// queue is served for any of the four; what has no handler there waits.
	Refunds, Audit asynq.Handler
}

// NewServers makes the servers; Start starts them.
func NewServers(cfg Config, h Handlers) (*Servers, error) {
	if cfg.InHand < 1 {
		return nil, fmt.Errorf("worker: %d pushes in hand: want at least 1", cfg.InHand)
	}
	s := &Servers{mux: asynq.NewServeMux(), longest: cfg.ShutdownTimeout}
	s.mux.Use(s.hand.count)
	if h.Push != nil {
		s.mux.Handle(tasks.TypePushOrder, h.Push)
		s.addPushServers(cfg)
	}
	if h.Refund != nil || h.Payment != nil || h.Refunds != nil || h.Audit != nil {
		for kind, handler := range map[string]asynq.Handler{
			tasks.TypeRefund: h.Refund, tasks.TypePayment: h.Payment, tasks.TypeRefunds: h.Refunds, tasks.TypeAudit: h.Audit,
		} {
			if handler == nil {
				handler = asynq.HandlerFunc(notHere)
			}
			s.mux.Handle(kind, handler)
		}
		s.add(cfg, moneyInHand, map[string]int{tasks.QueueRefund: 1})
	}
	if h.Settle != nil {
		s.mux.Handle(tasks.TypeSettle, h.Settle)
		s.add(cfg, moneyInHand, map[string]int{tasks.QueueSettle: 1})
	}
	if len(s.servers) == 0 {
		return nil, errors.New("worker: no handler")
	}
	return s, nil
}

// notHere is the handler of what this process cannot carry out: the task waits for one that can, or
// for another configuration.
func notHere(_ context.Context, t *asynq.Task) error {
	return &postponed{after: busyWait, why: "this process carries out no " + t.Type()}
}

func (s *Servers) addPushServers(cfg Config) {
	n := min(max(cfg.PushServers, 1), cfg.InHand)
	for i := range n {
		share := cfg.InHand / n
		if i < cfg.InHand%n {
			share++
		}
		// Weights, not strict order: a flood of live orders must not starve the sweep, nor the
		// other way round.
		s.add(cfg, share, map[string]int{tasks.QueuePush: 6, tasks.QueueSweep: 3, tasks.QueueBackfill: 1})
	}
}

func (s *Servers) add(cfg Config, inHand int, queues map[string]int) {
	s.servers = append(s.servers, asynq.NewServerFromRedisClient(cfg.Redis, asynq.Config{
		Concurrency:              inHand,
		Queues:                   queues,
		RetryDelayFunc:           cfg.Backoff.Delay,
		IsFailure:                isFailure,
		ShutdownTimeout:          cfg.ShutdownTimeout,
		TaskCheckInterval:        taskCheckInterval,
		DelayedTaskCheckInterval: delayedCheckInterval,
		Logger:                   asynqLogger{cfg.Log},
		LogLevel:                 asynq.WarnLevel,
	}))
}

// Start starts all servers. It does not tell whether Redis is there. After an error none runs.
func (s *Servers) Start() error {
	for i, srv := range s.servers {
		if err := srv.Start(s.mux); err != nil {
			s.servers = s.servers[:i] // a shutdown waits for what these have in hand
			return errors.Join(fmt.Errorf("worker: start: %w", err), s.Shutdown(context.Background()))
		}
	}
	return nil
}

// asynqLogger writes asynq's own lines.
type asynqLogger struct{ log zerolog.Logger }

func (l asynqLogger) Debug(args ...any) { l.log.Debug().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Info(args ...any)  { l.log.Info().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Warn(args ...any)  { l.log.Warn().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Error(args ...any) { l.log.Error().Msg(fmt.Sprint(args...)) }
func (l asynqLogger) Fatal(args ...any) { l.log.Error().Msg(fmt.Sprint(args...)) }
