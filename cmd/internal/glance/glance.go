package glance

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

const (
	// partTimeout bounds the reading of each part; all are read side by side.
	partTimeout = 3 * time.Second
	// lastCalls is how many of the newest calls are looked through for the last success.
	lastCalls = 1000
)

// Glance is the system at one moment.
type Glance struct {
	At        time.Time   `json:"at"`
	Processes []Process   `json:"processes"` // that gave a sign of life within a minute
	Queues    []Queue     `json:"queues"`
	Douyin    Douyin      `json:"douyin"`
	Backlog   Backlog     `json:"backlog"`
	Failures  []Failure   `json:"failures"` // by reason, the most frequent first
	Held      []HeldMoney `json:"held"`     // what Douyin's refusal of the configuration holds up
	Alarms    []Alarm     `json:"alarms"`
	Missing   []string    `json:"missing"` // what could not be read, and why
}

// Queue is one of asynq's.
type Queue struct {
	Name          string  `json:"name"`
	Pending       int     `json:"pending"`
	Active        int     `json:"active"`
	Scheduled     int     `json:"scheduled"`
	Retry         int     `json:"retry"`
	Archived      int     `json:"archived"`
	Paused        bool    `json:"paused"`
	OldestSeconds float64 `json:"oldest_pending_seconds"`
}

// Douyin is how the calls fare.
type Douyin struct {
	Breaker      string     `json:"breaker"`                  // closed, half-open, open: the worst of all processes; empty: none tells
	LastSuccess  *time.Time `json:"last_success,omitempty"`   // of the newest calls; absent: none of them went well
	TokenSeconds float64    `json:"token_seconds_left"`       // 0: there is none, or it is not known
	TokenUnknown bool       `json:"token_unknown,omitempty"`  // the configuration lacks what the token is read with
	Rate         float64    `json:"rate_limit_now,omitempty"` // pushes a second; 0: not known

	tokenUnread bool // Missing says why
}

// Waiting is a number of things of which the oldest waits since then.
type Waiting struct {
	Count  int64      `json:"count"`
	Oldest *time.Time `json:"oldest,omitempty"`
}

// Backlog is the work that waits. Counts are exact up to a bound: 100000 orders, 10000 of the rest.
type Backlog struct {
	Orders      Waiting `json:"orders"`       // due for a push
	Later       int64   `json:"orders_later"` // under way, or to be asked for again later
	Refunds     Waiting `json:"refunds"`
	Settlements Waiting `json:"settlements"`
	Outbox      Waiting `json:"outbox"`
	PutAside    int64   `json:"outbox_put_aside"` // rows of the outbox that can never be handed over
	Forwards    Waiting `json:"forwards"`         // callbacks for the shop's own handler
}

// Failure is the orders that stand refused or given up for one reason.
type Failure struct {
	Kind    string    `json:"kind"`
	Code    int       `json:"code"`
	Count   int       `json:"count"`
	Newest  time.Time `json:"newest"`
	OrderID string    `json:"order_id"` // one of them
	Message string    `json:"message"`  // about that one
}

// HeldMoney is refunds or settlements that wait for another configuration.
type HeldMoney struct {
	Money   string    `json:"money"`
	Count   int64     `json:"count"`
	Code    int       `json:"code"`
	Message string    `json:"message"`
	Oldest  time.Time `json:"oldest"`
}

// Alarm is how many rows of a table a person has to look at.
type Alarm struct {
	Table string `json:"table"`
	Alarm string `json:"alarm"`
	Count int64  `json:"count"`
}

// Life tells how long the shared token still serves: a *tokencache.Cache.
type Life interface {
	Life(ctx context.Context) (age, left time.Duration, err error)
}

// Reader reads a Glance.
type Reader struct {
	Store     *store.Store
	Redis     redis.UniversalClient
	Inspector *asynq.Inspector
	Token     Life // nil: the configuration lacks what the token is read with
	// Rate is the rate of pushes over all processes; nil: nobody tells.
	Rate func(context.Context) (now, most float64)
}

// Read reads all parts side by side. A part that does not answer in time is named in Missing.
func (r *Reader) Read(ctx context.Context) Glance {
	ctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	g := Glance{At: r.Store.Clock(), Failures: []Failure{}, Held: []HeldMoney{}, Alarms: []Alarm{}, Processes: []Process{}, Queues: []Queue{}, Missing: []string{}}
	var mu sync.Mutex
	write := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }
	parts := []struct {
		name string
		read func(context.Context, func(func())) error
	}{
		{"processes", func(ctx context.Context, write func(func())) error {
			all, err := processes(ctx, r.Redis, r.Inspector)
			write(func() { g.Processes, g.Douyin.Breaker = all, breaker(all) })
			return err
		}},
		{"queues", func(_ context.Context, write func(func())) error {
			all, err := queues(r.Inspector)
			write(func() { g.Queues = all })
			return err
		}},
		{"token", func(ctx context.Context, write func(func())) error { return r.token(ctx, write, &g) }},
		{"backlog", func(ctx context.Context, write func(func())) error { return r.backlog(ctx, write, &g) }},
		{"failures", func(ctx context.Context, write func(func())) error { return r.failures(ctx, write, &g) }},
		{"last success", func(ctx context.Context, write func(func())) error {
			calls, err := r.Store.LastCalls(ctx, lastCalls)
			if !calls.Success.IsZero() {
				write(func() { g.Douyin.LastSuccess = &calls.Success })
			}
			return err
		}},
	}
	ends := make(chan [2]string, len(parts)) // nobody has to read them: neither driver heeds a context everywhere
	open := map[string]bool{}
	for _, p := range parts {
		open[p.name] = true
		go func() {
			said := ""
			if err := p.read(ctx, write); err != nil {
				said = err.Error()
			}
			ends <- [2]string{p.name, said}
		}()
	}
	said := map[string]string{}
	for len(open) > 0 {
		select {
		case end := <-ends:
			delete(open, end[0])
			said[end[0]] = end[1]
		case <-ctx.Done():
			for name := range open {
				said[name] = "no answer in time"
			}
			clear(open)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	out := g // what answers later than this writes to g
	for _, p := range parts {
		if words := said[p.name]; words != "" {
			out.Missing = append(out.Missing, p.name+": "+words)
			out.Douyin.tokenUnread = out.Douyin.tokenUnread || p.name == "token"
		}
	}
	return out
}

func (r *Reader) token(ctx context.Context, write func(func()), g *Glance) error {
	if r.Rate != nil {
		now, _ := r.Rate(ctx)
		write(func() { g.Douyin.Rate = now })
	}
	if r.Token == nil {
		write(func() { g.Douyin.TokenUnknown = true })
		return nil
	}
	_, left, err := r.Token.Life(ctx)
	write(func() { g.Douyin.TokenSeconds = left.Seconds() })
	return err
}

func (r *Reader) backlog(ctx context.Context, write func(func()), g *Glance) error {
	c, err := r.Store.Counts(ctx, r.Store.Clock())
	if err != nil {
		return err
	}
	write(func() {
		g.Backlog = Backlog{
			Orders: waiting(c.Unsynced.Due, c.Unsynced.Oldest), Later: c.Unsynced.Later, Outbox: waiting(c.Outbox.Count, c.Outbox.Oldest), PutAside: c.OutboxBad,
			Forwards: waiting(c.Forwards.Count, c.Forwards.Oldest),
		}
		for _, o := range c.Open {
			to := &g.Backlog.Refunds
			if o.Money == store.Settlement {
				to = &g.Backlog.Settlements
			}
			to.add(o.Backlog)
		}
		for _, h := range c.Held {
			g.Held = append(g.Held, HeldMoney{string(h.Money), h.Count, h.Code, h.Message, h.Oldest})
		}
		for _, a := range c.Alarms {
			g.Alarms = append(g.Alarms, Alarm{a.Table, a.Alarm, a.Count})
		}
	})
	return nil
}

func (r *Reader) failures(ctx context.Context, write func(func()), g *Glance) error {
	groups, _, err := r.Store.FailureGroups(ctx)
	write(func() {
		for _, f := range groups {
			g.Failures = append(g.Failures, Failure{f.Kind, f.Code, f.Count, f.Newest, f.Sample.OrderID, f.Sample.Message})
		}
	})
	return err
}

func waiting(count int64, oldest time.Time) Waiting {
	w := Waiting{Count: count}
	if !oldest.IsZero() {
		w.Oldest = &oldest
	}
	return w
}

func (w *Waiting) add(b store.Backlog) {
	w.Count += b.Count
	if !b.Oldest.IsZero() && (w.Oldest == nil || b.Oldest.Before(*w.Oldest)) {
		w.Oldest = &b.Oldest
	}
}

// queues answers what it could read, and an error where that is not all.
func queues(inspector *asynq.Inspector) ([]Queue, error) {
	all := []Queue{}
	known, err := inspector.Queues()
	if err != nil {
		return all, err
	}
	for _, name := range tasks.Queues() {
		if !slices.Contains(known, name) { // nothing was ever queued there
			all = append(all, Queue{Name: name})
			continue
		}
		info, err := inspector.GetQueueInfo(name)
		if err != nil {
			return all, err
		}
		all = append(all, Queue{
			Name: name, Pending: info.Pending, Active: info.Active, Scheduled: info.Scheduled, Retry: info.Retry, Archived: info.Archived,
			Paused: info.Paused, OldestSeconds: info.Latency.Seconds(),
		})
	}
	return all, nil
}
