package assembly

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/cmd/internal/metrics"
	"github.com/ordersync/ordersync/scheduler"
	"github.com/ordersync/ordersync/scheduler/queuedoctor"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// purgeEvery is how often old log rows are looked for.
const purgeEvery = 10 * time.Minute

// forwardEvery is how often callbacks for the shop's own handler are looked for.
const forwardEvery = time.Second

// registerEvery is how often asynq's list of queues is completed. A client remembers that it has
// written a queue's name, so it never does it again after Redis came back empty, and the Inspector
// and asynqmon would show nothing until it restarts.
const registerEvery = time.Minute

// doctorEvery is how often asynq's keys are looked at (package queuedoctor). What is suspected once
// is mended the second time.
const doctorEvery = time.Minute

// Scheduler is everything that happens because a clock rang.
func (a *Assembly) Scheduler() (*scheduler.Scheduler, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	redis, err := a.Redis()
	if err != nil {
		return nil, err
	}
	hand, err := a.handOver()
	if err != nil {
		return nil, err
	}
	queue := hand.Queue
	cfg := a.cfg.Scheduler
	sweep := &scheduler.Sweep{
		Orders: st, Queue: queue,
		Backlog:  pending(redis, tasks.QueueSweep),
		Mark:     redisMark{redis, "sweep"},
		Statuses: shopStatuses(a.cfg.Shop), Changes: st.Changes,
		After: cfg.SweepAfter, Lookback: cfg.Lookback, Now: st.Clock, Log: a.log,
		Ahead: a.metrics.OrdersAhead,
	}
	relay := &scheduler.Relay{Outbox: st, Hand: desk.OneByOne(a.tracing().OutboxRow(hand.Row))}
	purge := &scheduler.Purge{Rows: st, Keep: a.cfg.Log.Keep, Now: time.Now}
	register := func(ctx context.Context) (bool, error) {
		return false, redis.SAdd(ctx, tasks.KeyQueues, tasks.Queues()).Err()
	}
	doctor := &queuedoctor.Doctor{Redis: redis, Queues: tasks.Queues(), Now: time.Now, Log: a.log, Observe: a.metrics.Faults}
	jobs := []scheduler.Job{
		{Name: "sweep", Every: cfg.SweepEvery, Do: a.tracing().Tick("sweep", byTheClock(st, sweep.Tick))},
		{Name: "outbox", Every: cfg.OutboxEvery, Do: relay.Tick},
		{Name: "purge", Every: purgeEvery, Do: purge.Tick},
		{Name: "register", Every: registerEvery, Do: register},
		{Name: "queue doctor", Every: doctorEvery, Do: doctor.Tick},
	}
	jobs = append(jobs, a.moneyJobs(st, redis, queue)...)
	counts, err := a.statusCounts()
	if err != nil {
		return nil, err
	}
	a.watch(st, redis, jobs, counts)
	return &scheduler.Scheduler{Log: a.log, Jobs: jobs, Observe: func(job string, took time.Duration, err error) {
		a.metrics.Job(job, time.Now(), took, err)
	}}, nil
}

// watch lets this process's metrics show what all processes share, once.
func (a *Assembly) watch(st *store.Store, redis redis.UniversalClient, jobs []scheduler.Job, counts *statuses) {
	_, _ = a.watched.get(func() (struct{}, error) { // never fails
		a.metrics.Watch(metrics.Shared{Redis: redis, Store: st, Statuses: counts.Count, Queues: tasks.Queues(), Now: time.Now, Log: a.log})
		for _, j := range jobs {
			a.metrics.Jobs(time.Now(), j.Name)
		}
		return struct{}{}, nil
	})
}

// pending counts the tasks that wait in a queue.
func pending(redis redis.UniversalClient, queue string) func(context.Context) (int64, error) {
	return func(ctx context.Context) (int64, error) {
		return redis.LLen(ctx, tasks.Key(queue, "pending")).Result()
	}
}

// moneyJobs bring instructions back when their time has come, settle what is to be settled by
// itself, and hand callbacks on.
func (a *Assembly) moneyJobs(st *store.Store, redis redis.UniversalClient, queue tasks.Enqueuer) []scheduler.Job {
	due := func(m store.Money, on, job string) *scheduler.DueMoney {
		return &scheduler.DueMoney{Rows: st, Queue: queue, Money: m, Backlog: pending(redis, on), Mark: redisMark{redis, job}, Now: st.Clock, Log: a.log}
	}
	refunds, settlements := due(store.Refund, tasks.QueueRefund, "refunds"), due(store.Settlement, tasks.QueueSettle, "settlements")
	payments := &scheduler.DuePayments{Rows: st, Queue: queue, Now: time.Now, Log: a.log}
	asked := &scheduler.DueRefunds{Rows: st, Queue: queue, Now: time.Now, Log: a.log}
	audits := &scheduler.Audits{Rows: st, Queue: queue, Agree: a.cfg.Refunds.Audit == "agree", Mark: redisMark{redis, "audits"}, Now: st.Clock, Log: a.log}
	callbacks := &scheduler.PurgeCallbacks{Rows: st, Keep: a.cfg.Log.Keep, Now: time.Now}
	jobs := []scheduler.Job{
		{Name: "refunds", Every: a.cfg.Scheduler.SweepEvery, Do: byTheClock(st, refunds.Tick)},
		{Name: "settlements", Every: a.cfg.Scheduler.SweepEvery, Do: byTheClock(st, settlements.Tick)},
		{Name: "payments", Every: a.cfg.Scheduler.SweepEvery, Do: byTheClock(st, payments.Tick)},
		{Name: "refunds of trade", Every: a.cfg.Scheduler.SweepEvery, Do: asked.Tick},
		{Name: "audits", Every: a.cfg.Scheduler.SweepEvery, Do: byTheClock(st, audits.Tick)},
		{Name: "purge callbacks", Every: purgeEvery, Do: callbacks.Tick},
	}
	if url := a.cfg.Callbacks.ForwardURL; url != "" {
		forward := &scheduler.Forward{Rows: st, URL: url, Now: time.Now, Log: a.log}
		jobs = append(jobs, scheduler.Job{Name: "forward", Every: forwardEvery, Do: forward.Tick})
	}
	if a.cfg.Settle.Auto {
		auto := &scheduler.AutoSettle{Payments: st, After: a.cfg.Settle.After, Desc: a.cfg.Settle.Desc, Now: time.Now, Log: a.log}
		jobs = append(jobs, scheduler.Job{Name: "settle", Every: a.cfg.Scheduler.SweepEvery, Do: auto.Tick})
	}
	return jobs
}
