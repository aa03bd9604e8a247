package simulator

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Server is the simulator. It is an http.Handler, safe for concurrent use.
type Server struct {
	cfg     Config
	tokens  tokens
	ledger  *ledger
	bank    *bank
	trade   *trade
	stats   stats
	script  atomic.Pointer[script] // nil: no faults
	control http.Handler
	logSeq  atomic.Uint64

	randMu sync.Mutex
	rand   *rand.Rand

	client  *http.Client // of callbacks
	closing sync.Once
	closed  chan struct{} // ends what waits: latency, hangs, deliveries

	// background runs work beside the calls until it ends or the simulator is closed. After Close
	// it runs nothing.
	background func(work func(ctx context.Context))
	stop       func()
}

// New makes a simulator that holds nothing yet and has no faults. Close it when it is no longer
// needed.
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, ledger: newLedger(), bank: newBank(), trade: newTrade(cfg.Trade), closed: make(chan struct{})}
	s.bank.seq, s.trade.seq = cfg.NumbersAfter, cfg.NumbersAfter
	write := s.writesDown()
	s.bank.mu.write, s.trade.mu.write = write, write
	for i := range s.ledger.shards {
		s.ledger.shards[i].mu.write = write
	}
	s.rand = rand.New(s.cfg.Rand)
	s.control = s.controlHandler()
	s.client = &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	s.background, s.stop = workers()
	return s
}

// workers makes a starter of goroutines and what ends them all and waits for them.
func workers() (start func(func(context.Context)), stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var (
		mu      sync.Mutex
		running sync.WaitGroup
	)
	start = func(work func(context.Context)) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			running.Go(func() { work(ctx) })
		}
	}
	stop = func() {
		mu.Lock()
		cancel()
		mu.Unlock()
		running.Wait()
	}
	return start, stop
}

// Close ends everything that waits inside the simulator: calls still running end without an answer,
// callbacks that were not answered are not delivered again. It returns when nothing of the
// simulator runs any more, except calls.
func (s *Server) Close() error {
	s.closing.Do(func() { close(s.closed) })
	s.stop()
	s.client.CloseIdleConnections()
	return nil
}

// SetFaults puts a plan in force, in place of the one before. Its counts begin anew.
func (s *Server) SetFaults(p Plan) error {
	if err := p.Validate(); err != nil {
		return err
	}
	s.script.Store(newScript(p, s.random()))
	return nil
}

// Faults is the plan in force.
func (s *Server) Faults() Plan {
	if sc := s.script.Load(); sc != nil {
		return sc.plan
	}
	return Plan{Profile: "off"}
}

func (s *Server) random() uint64 {
	s.randMu.Lock()
	defer s.randMu.Unlock()
	return s.rand.Uint64()
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for o := range opPaths {
		if r.URL.Path == opPaths[o] {
			s.serve(w, r, op(o))
			return
		}
	}
	if strings.HasPrefix(r.URL.Path, "/_sim/") {
		s.control.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// serve takes one call from its bytes to its answer. The body is read before anything else, so that
// the fate of a call can depend on the order it names and so that net/http notices when the client
// goes away.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, o op) {
	c := newCall()
	defer c.free()
	handler := &operations[o]
	if c.bad = c.read(r); c.bad == nil {
		handler.parse(s, c)
	}
	var fate verdict
	if sc := s.script.Load(); sc != nil {
		fate = sc.pick(o, c.key)
	}
	if d := s.cfg.Latency + fate.delay; d > 0 && !s.wait(r.Context(), d) {
		s.stats.faulted(o, Latency)
		cut(w)
		return
	}
	c.logID = s.logID()
	w.Header()["X-Tt-Logid"] = []string{c.logID}
	if fate.fault != nil {
		s.fail(w, r, o, c, fate)
		return
	}
	s.stats.answered(o, handler.apply(s, c))
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-r.Context().Done():
		case <-s.closed:
		}
	}
	c.write(w)
}

var contentTypeJSON = []string{"application/json; charset=utf-8"}

// wait lets d pass. It is false when the client or the simulator went away before.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}

// logID has the look of Douyin's: the time to the second and something unique.
func (s *Server) logID() string {
	b := make([]byte, 0, 40)
	b = s.cfg.Now().AppendFormat(b, "20060102150405")
	b = append(b, "0000000000000000"...)
	return string(strconv.AppendUint(b, s.logSeq.Add(1)|1<<40, 16))
}
