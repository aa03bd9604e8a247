// Package metrics is what Prometheus sees of a process: counters that the other rooms report to, and readings of what all
// processes share, taken when a scrape asks.
//
//	m := metrics.New(metrics.Build{Version: "1.0.0", Commit: "abc"})
//	push.Observe = m.Push                    // and the other observers
//	m.Watch(metrics.Shared{Redis: r, Store: s, ...}) // in the scheduler's process
//	http.Handle("GET /metrics", m.Handler())
//
// # Why every label value is there from the first scrape
//
// A counter that appears with its first failure has no growth to be seen: rate() needs two points. So every series is made at
// the start with 0, and an alert on the first refusal of a month works. That is why labels are closed sets: outcomes, kinds,
// calls, queues. Never an order, a user, a host or Douyin's code.
//
// # Why shared readings come from one kind of process
//
// Queues and tables are the same whichever process reads them. With twenty workers each scrape would read them twenty times and
// every sum would be twenty times too large. The scheduler (and `run`) reads them; where two schedulers stand by for each
// other, take max and not sum.
//
// # Why a scrape cannot hurt
//
// The database is read at most once in ten seconds however many ask, through indexes and up to a bound; Redis is asked in two
// or three round trips; each reading has a time limit. A reading that fails leaves its series out and says so in
// ordersync_reading_up: a stale number looks like health.
//
// # Why not asynq's own exporter
//
// asynq's x/metrics asks the Inspector, which fails for a whole queue when one id has lost its task:
// then a scrape is answered with 200 and an empty body. The lengths of the lists and the age of the
// oldest need no task to be whole.
package metrics
