package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/doctor"
	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks/cut"
)

const (
	// lookTimeout bounds one look at MySQL and Redis.
	lookTimeout = 5 * time.Second
	// lookEvery is how often they are looked at while they are waited for.
	lookEvery = time.Second
	// sayEvery is how often the log says that something is waited for.
	sayEvery = time.Minute
)

// service is a command that runs until a signal ends it. It looks at what it stands on before it
// leaps: what can never work without a change ends it, what may come is waited for.
type service struct {
	ports   func(*configs.Config) []doctor.Port // beside admin.addr
	private func(*assembly.Assembly) (http.Handler, error)
	// public serves at once: without MySQL, Redis or our tables each request fails by itself, /healthz
	// answers and /readyz says what is missing. nil: nothing does.
	public part
	work   []part // what begins when nothing is missing any more
}

// unfitError is what a process cannot work with. It ends with code 2.
type unfitError struct{ found []doctor.Result }

func (e *unfitError) Error() string {
	return strings.Join(e.lines(lang.English), "; ")
}

// lines has one line for each failure.
func (e *unfitError) lines(l lang.Lang) []string {
	out := make([]string, len(e.found))
	for i, r := range e.found {
		out[i] = r.In(l).Line()
	}
	return out
}

// serve looks first, at what no waiting mends before anything else, and then runs the service.
func (p *process) serve(s service) part {
	return func(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
		if bad := p.misconfigured(ctx, cfg, s); len(bad) > 0 {
			return &unfitError{bad}
		}
		look, err := p.lookAt(a)
		if err != nil {
			return err
		}
		waits, err := look(ctx)
		if err != nil || ctx.Err() != nil {
			return err
		}
		d := newDoor()
		parts := s.behind(d)
		if waits == nil {
			d.open()
		} else {
			parts = append(parts, p.opens(d, waits, look))
		}
		return p.withPrivatePort(s.private, together(parts))(ctx, cfg, a)
	}
}

// behind are the parts of a service; those that work begin as soon as the door is open.
func (s service) behind(d *door) []part {
	var parts []part
	if s.public != nil {
		parts = append(parts, s.public)
	}
	for _, run := range s.work {
		parts = append(parts, func(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
			if !d.pass(ctx) {
				return nil
			}
			return run(ctx, cfg, a)
		})
	}
	return parts
}

// together runs parts side by side until all have ended; the first that fails ends the others.
func together(parts []part) part {
	return func(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
		g, ctx := errgroup.WithContext(ctx)
		for _, run := range parts {
			g.Go(func() error { return run(ctx, cfg, a) })
		}
		return g.Wait()
	}
}

// misconfigured is what is wrong with the configuration and this machine alone.
func (p *process) misconfigured(ctx context.Context, cfg *configs.Config, s service) []doctor.Result {
	found := doctor.Placeholders(cfg)
	ports := []doctor.Port{}
	if s.ports != nil {
		found = append(found, doctor.Gateway(cfg)...)
		ports = s.ports(cfg)
	}
	if cfg.Given("admin.addr") { // else a process does without it: see withPrivatePort
		ports = append(ports, doctor.Port{Key: "admin.addr", Addr: cfg.Admin.Addr})
	}
	bad := doctor.Failures(found)
	for _, r := range doctor.Ports(ctx, ports...) {
		if r.Level != doctor.OK { // another ordersync has it: to this one it is taken
			bad = append(bad, r)
		}
	}
	return bad
}

// gatewayPorts are those of the gateway.
func gatewayPorts(cfg *configs.Config) []doctor.Port {
	return []doctor.Port{{Key: "gateway.addr", Addr: cfg.Gateway.Addr}, {Key: "gateway.callback_addr", Addr: cfg.Gateway.CallbackAddr}}
}

// look answers what has to be waited for, nil: nothing. Its error is an *unfitError.
type look func(context.Context) (waits []doctor.Result, err error)

// lookAt looks at MySQL and Redis. A look ends at once when its context does, and knows nothing then.
func (p *process) lookAt(a *assembly.Assembly) (look, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	rdb, err := a.Redis()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (waits []doctor.Result, err error) {
		within, cancel := context.WithTimeout(ctx, lookTimeout)
		defer cancel()
		results := doctor.Failures(doctor.Servers(within, st, rdb))
		if ctx.Err() != nil {
			return nil, nil
		}
		if len(results) == 0 {
			app, database := a.Deployment()
			results = doctor.Neighbours(within, rdb, app, database)
		}
		never := slices.DeleteFunc(slices.Clone(results), func(r doctor.Result) bool { return r.Waits })
		if len(never) > 0 {
			return nil, &unfitError{never}
		}
		return results, nil
	}, nil
}

// opens looks again and again until nothing is missing, and opens the door then.
func (p *process) opens(d *door, waits []doctor.Result, look look) part {
	return func(ctx context.Context, cfg *configs.Config, _ *assembly.Assembly) error {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		w := waiter{look: look, log: p.logger(cfg), every: tick.C, now: time.Now}
		if err := w.until(ctx, waits); err != nil || ctx.Err() != nil {
			return err
		}
		d.open()
		return nil
	}
}

// waiter waits for servers and tables, and says so: one line a minute for each cause.
type waiter struct {
	look  look
	log   zerolog.Logger
	every <-chan time.Time
	now   func() time.Time
}

// until ends when nothing is missing, when something is that no waiting mends (an *unfitError), or
// with ctx.
func (w *waiter) until(ctx context.Context, waits []doctor.Result) (err error) {
	said := map[string]time.Time{}
	for len(waits) > 0 {
		w.say(said, waits)
		select {
		case <-ctx.Done():
			return nil
		case <-w.every:
		}
		if waits, err = w.look(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
	w.log.Info().Msg("what was waited for is there")
	return nil
}

func (w *waiter) say(said map[string]time.Time, waits []doctor.Result) {
	now := w.now()
	for _, r := range waits {
		cause := r.Check + " " + r.Cure // its words may name a port that differs each time
		if at, before := said[cause]; before && now.Sub(at) < sayEvery {
			continue
		}
		said[cause] = now
		w.log.Warn().Str("check", r.Check).Str("cure", r.Cure).Msg("waits: " + cut.Line(r.Found))
	}
}
