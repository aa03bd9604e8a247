package simulator

import (
	"strconv"
	"sync"
)

// Record is one thing that a simulator holds, as it is written down. It may name a buyer by his
// open_id: keep it where that may be.
type Record struct {
	Key   string // the same one as long as the thing is held
	Value []byte // JSON; nil: it is not held any more
}

// The kinds of records, the first word of a key. A kind whose meaning changes gets another name: a
// simulator refuses what it does not know.
const (
	keptOrder      = "order" // of the order centre
	keptPayment    = "payment"
	keptRefund     = "refund"
	keptSettlement = "settlement"
	keptMovement   = "movement"
	keptAnomaly    = "anomaly"
	keptSequence   = "sequence"

	keptTradeOrder      = "trade_order"
	keptTradeRefund     = "trade_refund"
	keptTradeSettlement = "trade_settlement"
	keptTradeMovement   = "trade_movement"
	keptTradeViolation  = "trade_violation"
	keptTradeSequence   = "trade_sequence"
)

// recordName names a record.
type recordName struct{ kind, number string }

func (n recordName) key() string { return n.kind + " " + n.number }

// nth names an entry of a list that only grows.
func nth(kind string, i int) recordName { return recordName{kind, strconv.Itoa(i)} }

// kept is the lock of a ledger or of a part of one. Whoever unlocks it writes down before what he has
// touched, so nobody sees a change that is not written down.
type kept struct {
	sync.Mutex
	write   func([]Record) bool  // false: it failed, and comes again; nil: nothing is written down
	held    func(recordName) any // as it is written down; nil: it is not held
	touched []recordName
	known   map[recordName]bool // what touched has
}

// touch says that what n names has changed, has come or has gone. The caller holds the lock.
func (k *kept) touch(n recordName) {
	if k.write == nil || k.known[n] {
		return
	}
	if k.known == nil {
		k.known = map[recordName]bool{}
	}
	k.touched, k.known[n] = append(k.touched, n), true
}

// Unlock writes down what was touched, and lets go of the lock.
func (k *kept) Unlock() {
	if len(k.touched) > 0 && k.write(k.records(k.touched)) {
		k.touched = k.touched[:0]
		clear(k.known)
	}
	k.Mutex.Unlock()
}

// records are what names name, as it is now. The caller holds the lock.
func (k *kept) records(names []recordName) []Record {
	out := make([]Record, len(names))
	for i, n := range names {
		out[i].Key = n.key()
		if v := k.held(n); v != nil {
			out[i].Value = appendJSON(nil, v)
		}
	}
	return out
}

// settled returns when what the holder of the lock has touched is written down: Unlock does it.
func (k *kept) settled() {
	k.Lock()
	defer k.Unlock()
}

// at is an entry of a list by the number that nth gave it; nil: there is none.
func at[T any](list []T, number string) any {
	if i, err := strconv.Atoi(number); err == nil && i < len(list) {
		return list[i]
	}
	return nil
}

// writesDown is Config.Keep for the ledgers' locks; nil where there is none.
func (s *Server) writesDown() func([]Record) bool {
	if s.cfg.Keep == nil {
		return nil
	}
	return func(changed []Record) bool {
		err := s.cfg.Keep(changed)
		if err != nil {
			s.cfg.Log.Error().Err(err).Int("records", len(changed)).Msg("simulator: what was changed is not written down")
		}
		return err == nil
	}
}
