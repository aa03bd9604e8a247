package simulator

import (
	"sync"
	"sync/atomic"
)

// stats counts calls. The way of a successful call is one atomic addition.
type stats struct {
	ok [opCount]atomic.Int64

	mu     sync.Mutex
	codes  map[op]map[int]int64
	faults map[op]map[Kind]int64
}

func (s *stats) answered(o op, code int) {
	if code == 0 {
		s.ok[o].Add(1)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bump(&s.codes, o, code)
}

func (s *stats) faulted(o op, k Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bump(&s.faults, o, k)
}

func bump[K comparable](m *map[op]map[K]int64, o op, k K) {
	if *m == nil {
		*m = map[op]map[K]int64{}
	}
	if (*m)[o] == nil {
		(*m)[o] = map[K]int64{}
	}
	(*m)[o][k]++
}

func (s *stats) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.ok {
		s.ok[i].Store(0)
	}
	s.codes, s.faults = nil, nil
}

// CallStats are the calls of one operation since the start or the last reset. A call that took
// effect before its answer was lost counts under OK or Codes and under Faults.
type CallStats struct {
	OK     int64          `json:"ok"`
	Codes  map[int]int64  `json:"codes,omitempty"`  // answered with this code, by judgement
	Faults map[Kind]int64 `json:"faults,omitempty"` // met a fault
}

// Stats are counters over everything.
type Stats struct {
	Calls         map[string]CallStats `json:"calls"` // by operation; operations never called are left out
	TokensFetched int64                `json:"tokens_fetched"`
	ClientTokens  int64                `json:"client_tokens_fetched"`
	Orders        int                  `json:"orders"`      // known, held or not
	Held          int                  `json:"held"`        // with a push that took effect
	Regressions   int                  `json:"regressions"` // pushes that made an order older
}

// Stats copies the counters. It costs little, whatever the size of the ledger.
func (s *Server) Stats() Stats {
	out := Stats{
		Calls: map[string]CallStats{}, TokensFetched: s.stats.ok[opToken].Load(), ClientTokens: s.stats.ok[opClientToken].Load(),
		Orders: int(s.ledger.count.Load()), Held: int(s.ledger.held.Load()), Regressions: int(s.ledger.back.Load()),
	}
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	for o := range opNames {
		cs := CallStats{OK: s.stats.ok[o].Load(), Codes: map[int]int64{}, Faults: map[Kind]int64{}}
		for code, n := range s.stats.codes[op(o)] {
			cs.Codes[code] = n
		}
		for kind, n := range s.stats.faults[op(o)] {
			cs.Faults[kind] = n
		}
		if cs.OK > 0 || len(cs.Codes) > 0 || len(cs.Faults) > 0 {
			out.Calls[opNames[o]] = cs
		}
	}
	return out
}
