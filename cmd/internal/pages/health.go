package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/probe"
	"github.com/ordersync/ordersync/store"
)

const (
	// healthTime bounds what all parts together are waited for. What has not answered by then is not
	// known, or does not answer.
	healthTime = time.Second
	// healthFor is how long one look serves all pages of this process.
	healthFor = 3 * time.Second
	// lastCalls is how many calls are looked through for the last success.
	lastCalls = 200
	// enoughCalls is how many calls without a success are a sign.
	enoughCalls = 20
)

// facts are what one look has found out. A part that could not be asked says so.
type facts struct {
	processes      []alive.Process
	processesKnown bool
	oldWorkers     int // asynq servers of processes that give no sign of life of their own: of an older version

	waiting      store.Unsynced
	waitingKnown bool
	calls        store.LastCalls
	callsKnown   bool

	tokenLeft  time.Duration // 0: there is none
	tokenKnown bool

	refused *probe.Error // a server that answers and does not do what is needed; nil: none
}

// watch keeps the newest facts.
type watch struct {
	flight singleflight.Group
	mu     sync.Mutex
	at     time.Time
	facts  facts
}

// look asks all parts at once, or answers what was found a moment ago.
func (p *pages) look(ctx context.Context) facts {
	if f, fresh := p.watch.fresh(p.Now()); fresh {
		return f
	}
	flight := p.watch.flight.DoChan("look", func() (any, error) {
		if f, fresh := p.watch.fresh(p.Now()); fresh {
			return f, nil
		}
		f := p.askAll(context.WithoutCancel(ctx)) // it is everybody's, and bounded
		p.watch.mu.Lock()
		defer p.watch.mu.Unlock()
		p.watch.facts, p.watch.at = f, p.Now()
		return f, nil
	})
	f, _ := (<-flight).Val.(facts) // it ends by itself
	return f
}

func (w *watch) fresh(now time.Time) (facts, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.facts, !w.at.IsZero() && now.Sub(w.at).Abs() < healthFor
}

// forget lets the next look ask anew.
func (w *watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = time.Time{}
}

// finding is what one question has found; it is written into the facts by the one who collects them.
type finding func(*facts)

// askAll waits for the answers as long as healthTime. A part that answers later is not waited for:
// neither driver heeds a context everywhere.
func (p *pages) askAll(ctx context.Context) (f facts) {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	questions := []func(context.Context) finding{p.askProcesses, p.askServers, p.askWaiting, p.askCalls, p.askToken, p.askReady}
	answers := make(chan finding, len(questions)) // nobody has to read it
	for _, question := range questions {
		go func() { answers <- question(ctx) }()
	}
	for range questions {
		select {
		case answer := <-answers:
			if answer != nil {
				answer(&f)
			}
		case <-ctx.Done():
			return f
		}
	}
	return f
}

func (p *pages) askProcesses(ctx context.Context) finding {
	all, err := p.Processes(ctx)
	if err != nil {
		return nil
	}
	return func(f *facts) { f.processes, f.processesKnown = all, true }
}

func (p *pages) askServers(context.Context) finding {
	servers, err := p.Inspector.Servers()
	if err != nil {
		return nil
	}
	return func(f *facts) { f.oldWorkers = len(servers) }
}

func (p *pages) askWaiting(ctx context.Context) finding {
	waiting, err := p.Store.CountUnsynced(ctx, p.Now())
	if err != nil {
		return nil
	}
	return func(f *facts) { f.waiting, f.waitingKnown = waiting, true }
}

func (p *pages) askCalls(ctx context.Context) finding {
	calls, err := p.Store.LastCalls(ctx, lastCalls)
	if err != nil {
		return nil
	}
	return func(f *facts) { f.calls, f.callsKnown = calls, true }
}

func (p *pages) askToken(ctx context.Context) finding {
	if p.Token == nil {
		return nil
	}
	left, err := p.Token(ctx)
	if err != nil {
		return nil
	}
	return func(f *facts) { f.tokenLeft, f.tokenKnown = left, true }
}

func (p *pages) askReady(ctx context.Context) finding {
	if p.Ready == nil {
		return nil
	}
	var bad *probe.Error
	if err := p.Ready(ctx); !errors.As(err, &bad) {
		return nil
	}
	return func(f *facts) { f.refused = bad }
}

// healthView is how it is, in the reader's language.
type healthView struct {
	Parts []healthPart
	Well  bool // nothing is wrong, and everything is known
}

// healthPart is one part of the bar. Class is good, warn, bad or unknown.
type healthPart struct{ Name, Class, Words, Do string }

// Wrong tells whether a person has to look.
func (h healthPart) Wrong() bool { return h.Class == classBad || h.Class == classWarn }

const (
	classGood, classWarn, classBad, classUnknown = "good", "warn", "bad", "unknown"

	// late and veryLate are how long an order may be due before it is worth a colour.
	late, veryLate = 5 * time.Minute, 30 * time.Minute
)

// health puts the facts into words.
func (f *frame) health(found facts) (h healthView) {
	h.Parts = []healthPart{
		f.rolePart(found, alive.Gateway), f.rolePart(found, alive.Worker), f.rolePart(found, alive.Scheduler),
		f.serverPart(found, "redis", "Redis"), f.serverPart(found, "mysql", "MySQL"), f.douyinPart(found), f.waitingPart(found),
	}
	h.Well = !slices.ContainsFunc(h.Parts, func(p healthPart) bool { return p.Class != classGood })
	return h
}

var roleNames = map[string]string{alive.Gateway: "Gateway", alive.Worker: "Workers", alive.Scheduler: "Scheduler"}

// roleCures say what to do where nobody has a role.
var roleCures = map[string]string{
	alive.Gateway:   "Nobody takes calls of the shop and callbacks of Douyin. Start `ordersync gateway` or `ordersync run`.",
	alive.Worker:    "Nobody pushes orders or moves money. Start `ordersync worker` or `ordersync run`.",
	alive.Scheduler: "Nobody looks for orders that were missed, and nobody hands the outbox over. Start `ordersync scheduler` or `ordersync run`.",
}

func (f *frame) rolePart(found facts, role string) healthPart {
	part := healthPart{Name: f.T(roleNames[role]), Class: classUnknown, Words: f.T("not known")}
	if !found.processesKnown {
		return part
	}
	var versions []string
	last, n := time.Duration(-1), 0
	for _, p := range found.processes {
		switch {
		case !p.Has(role):
		case p.Alive():
			if n++; !slices.Contains(versions, p.Version) {
				versions = append(versions, p.Version)
			}
		case last < 0:
			last = p.Age
		}
	}
	switch {
	case n > 0 && len(versions) > 1:
		slices.Sort(versions)
		part.Class, part.Words, part.Do = classWarn, f.T("%d, versions %s", n, strings.Join(versions, ", ")), f.T("Processes of several versions run. While a deploy goes on that is in order.")
	case n > 0 && versions[0] == "":
		part.Class, part.Words = classGood, f.T("%d, version not known", n)
	case n > 0:
		part.Class, part.Words = classGood, f.T("%d, version %s", n, versions[0])
	case role == alive.Worker && found.oldWorkers > 0:
		part.Class, part.Words = classGood, f.T("of an older version")
	case last >= 0:
		part.Class, part.Words, part.Do = classBad, f.T("none since %s", f.Span(last)), f.T(roleCures[role])
	default:
		part.Class, part.Words, part.Do = classBad, f.T("none runs"), f.T(roleCures[role])
	}
	return part
}

// serverPart is Redis or MySQL: what does not answer in time does not answer.
func (f *frame) serverPart(found facts, server, name string) healthPart {
	part := healthPart{Name: name, Class: classGood, Words: f.T("answers")}
	answers := map[string]bool{"redis": found.processesKnown, "mysql": found.waitingKnown}[server]
	switch {
	case !answers:
		part.Class, part.Words = classBad, f.T("does not answer")
	case found.refused != nil && found.refused.What == server:
		part.Class, part.Words = classBad, f.T(readyWords[found.refused.Says])
	}
	if part.Class == classBad {
		part.Do = f.T(serverCures[server])
	}
	return part
}

// readyWords are what package probe says of a server.
var readyWords = map[string]string{"does not answer": "does not answer", "refuses writes": "refuses writes", "lacks our tables": "lacks our tables"}

var serverCures = map[string]string{
	"redis": "Tasks cannot be queued or run. Nothing is lost: what is to be done stands in MySQL. Look at the server and at redis.uri; `ordersync doctor` says more.",
	"mysql": "Nothing can be read or recorded; tasks wait. Look at the server and at mysql.dsn; `ordersync doctor` says more.",
}

// douyinPart is the breakers of those who call, the last success, and the token.
func (f *frame) douyinPart(found facts) healthPart {
	part := healthPart{Name: f.T("Douyin"), Class: classUnknown, Words: f.T("not known")}
	if c := found.calls; found.callsKnown {
		part.Class = classGood
		switch {
		case c.Read == 0:
			part.Words = f.T("not called yet")
		case c.Success.IsZero() && c.Read < enoughCalls:
			part.Words = f.T("no success yet")
		case c.Success.IsZero():
			part.Class, part.Words = classBad, f.T("no success since %s", f.Span(f.Now.Sub(c.Oldest)))
			part.Do = f.T("None of the last %d calls went well. The causes stand under What needs a person.", c.Read)
		default:
			part.Words = f.T("last success %s", f.Ago(c.Success))
		}
	}
	half, open := breakers(found.processes)
	switch {
	case open > 0:
		part.Class, part.Words = classBad, f.T("breaker open, %s", part.Words)
		part.Do = f.T("Calls failed one after the other, so %s now. Every 15 seconds a few are tried, and the breaker closes by itself.", f.Many(open, "one process makes none", "%s processes make none"))
	case half > 0:
		part.Class, part.Words = classWarn, f.T("breaker half-open, %s", part.Words)
		part.Do = f.T("A few calls are tried; if they go well, the breaker closes.")
	}
	return part
}

// breakers counts the living processes of which a breaker is half open, and open.
func breakers(all []alive.Process) (half, open int) {
	for _, p := range all {
		if !p.Alive() {
			continue
		}
		states := strings.Builder{}
		for _, state := range p.Breakers {
			states.WriteString(" " + state + " ")
		}
		switch {
		case strings.Contains(states.String(), " open "):
			open++
		case strings.Contains(states.String(), " half-open "):
			half++
		}
	}
	return half, open
}

func (f *frame) waitingPart(found facts) healthPart {
	part := healthPart{Name: f.T("Orders waiting"), Class: classUnknown, Words: f.T("not known")}
	if !found.waitingKnown {
		return part
	}
	part.Class, part.Words = classGood, f.T("none")
	if later := found.waiting.Later; later > 0 {
		part.Words = f.T("none due, %s under way or tried again later", f.Count(later))
	}
	if w := found.waiting; w.Due > 0 {
		waits := f.Now.Sub(w.Oldest)
		part.Words = f.T("%s, oldest %s", f.Count(w.Due), f.Ago(w.Oldest))
		switch {
		case waits > veryLate:
			part.Class = classBad
		case waits > late:
			part.Class = classWarn
		}
		if part.Class != classGood {
			part.Do = f.T("Orders are due and are not pushed. Look at the other parts first, then at the queues.")
		}
	}
	return part
}

// healthPage is the page behind the bar.
type healthPage struct {
	Processes []alive.Process
	Known     bool
	Token     bool // known
	TokenLeft time.Duration
}

func (p *pages) healthPage(ctx context.Context, _ *http.Request, _ lang) (view, error) {
	found := p.look(ctx)
	return view{template: "health", title: "How it is", content: &healthPage{found.processes, found.processesKnown, found.tokenKnown, found.tokenLeft}, live: true}, nil
}
