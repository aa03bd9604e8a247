package simulator

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
)

const shardCount = 64

// ledger remembers every order. Orders live in shards so that calls for different orders do not
// wait for each other.
type ledger struct {
	seed   maphash.Seed
	shards [shardCount]shard
	count  atomic.Int64
	held   atomic.Int64
	back   atomic.Int64 // regressions
}

type shard struct {
	mu     kept
	orders map[string]*orderRecord
}

func newLedger() *ledger {
	l := &ledger{seed: maphash.MakeSeed()}
	for i := range l.shards {
		sh := &l.shards[i]
		sh.orders, sh.mu.held = map[string]*orderRecord{}, sh.saved
	}
	return l
}

func (l *ledger) reset() {
	for i := range l.shards {
		sh := &l.shards[i]
		sh.mu.Lock()
		for id, o := range sh.orders {
			sh.mu.touch(recordName{keptOrder, id})
			l.count.Add(-1)
			l.back.Add(-int64(o.regressions))
			if o.held {
				l.held.Add(-1)
			}
		}
		clear(sh.orders)
		sh.mu.Unlock()
	}
}

func (l *ledger) shard(id []byte) *shard {
	return &l.shards[maphash.Bytes(l.seed, id)%shardCount]
}

// touch says that an order has changed. The caller holds the lock.
func (sh *shard) touch(id []byte) {
	if sh.mu.write != nil {
		sh.mu.touch(recordName{keptOrder, string(id)})
	}
}

// order finds or makes the record of an order; nil when the ledger is full. The caller holds the
// shard's lock.
func (l *ledger) order(cfg *Config, sh *shard, id []byte) *orderRecord {
	if o := sh.orders[string(id)]; o != nil {
		return o
	}
	if l.count.Load() >= int64(cfg.MaxOrders) {
		return nil
	}
	l.count.Add(1)
	o := &orderRecord{}
	sh.orders[string(id)] = o
	return o
}

// take applies a push that was found right.
func (l *ledger) take(cfg *Config, c *call) *refusal {
	req, d := &c.push, &c.push.detail
	sh := l.shard(d.orderID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.touch(d.orderID)
	o := l.order(cfg, sh, d.orderID)
	if o == nil {
		return &refusal{codeSystem, "系统错误，请重试", "the simulator's ledger is full"}
	}
	rec := describe(cfg, c, pushRecord{result: accepted})
	if o.held && instant(req.updateTime) <= instant(o.updateTime) {
		switch {
		case req.updateTime == o.updateTime && rec.digest == o.digest:
			rec.result = repeated
		case cfg.OnOldUpdate == IgnoreOld:
			rec.result = ignored
		}
	}
	if rec.result == accepted {
		rec.regression = o.held && (instant(req.updateTime) < instant(o.updateTime) || older(int64(o.status), req.orderStatus))
		if rec.regression {
			l.back.Add(1)
		}
		if !o.held {
			l.held.Add(1)
		}
		o.accept(cfg, c, &rec)
	}
	o.keep(cfg, c, rec)
	return nil
}

// accept writes what the push says over what is held. Empty fields clear nothing [COPY-2021-ORDER].
func (o *orderRecord) accept(cfg *Config, c *call, rec *pushRecord) {
	req, d := &c.push, &c.push.detail
	o.held, o.status, o.text, o.updateTime, o.digest = true, rec.status, rec.text, req.updateTime, rec.digest
	if cfg.Slim {
		return
	}
	replace(&o.openID, req.openID)
	replace(&o.payment, req.payment)
	replace(&o.backend, d.detailURLBackend)
	replace(&o.detail, req.orderDetail)
}

// replace writes text over a string unless it is empty or the same already.
func replace(old *string, text []byte) {
	if len(text) > 0 && *old != string(text) {
		*old = string(text)
	}
}

// note records a push that did not take effect, when it named an order.
func (l *ledger) note(cfg *Config, c *call, rec pushRecord) {
	id := c.push.detail.orderID
	if len(id) == 0 || len(id) > 64 {
		return
	}
	sh := l.shard(id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.touch(id)
	if o := l.order(cfg, sh, id); o != nil {
		o.keep(cfg, c, describe(cfg, c, rec))
	}
}

// describe fills in what the body says.
func describe(cfg *Config, c *call, rec pushRecord) pushRecord {
	req := &c.push
	rec.at, rec.updateTime, rec.digest, rec.lost = cfg.Now().UnixNano(), req.updateTime, req.digest(), c.lost
	rec.status, rec.text = -1, -1
	if 0 <= req.orderStatus && req.orderStatus < int64(len(statusTexts)) {
		rec.status = int8(req.orderStatus)
		rec.text = int8(slices.Index(statusTexts[req.orderStatus], string(req.detail.status)))
	}
	rec.sumDiffers = req.detail.itemsPrice != req.detail.totalPrice
	if c.why != "" {
		rec.fault = kindIndex(c.why)
	}
	return rec
}

func (o *orderRecord) keep(cfg *Config, c *call, rec pushRecord) {
	o.counts[rec.result]++
	if rec.lost {
		o.lost++
	}
	if rec.regression {
		o.regressions++
	}
	if rec.result == refused {
		o.lastRefusal = rec.code
	}
	if cfg.Slim {
		return
	}
	if rec.payment = o.payment; rec.payment != string(c.push.payment) {
		rec.payment = string(c.push.payment)
	}
	if len(o.history) >= cfg.History {
		o.history = slices.Delete(o.history, 0, len(o.history)-cfg.History+1)
	}
	o.history = append(o.history, rec)
}

// older tells whether an order cannot go from one status to the other: nothing becomes unpaid
// again, what is refunded stays so, and what is redeemed does not become merely paid. No table of
// Douyin's is published; this one is for the ledger's regressions only, nothing is refused by it.
func older(from, to int64) bool {
	const unpaid, paid, redeemed, refunded = 0, 1, 4, 6
	return from != to && (to == unpaid || from == refunded || from == redeemed && to == paid)
}

// Ledger is what the simulator knows, as a copy.
type Ledger struct {
	Orders      []Order `json:"orders"` // by length of the id and then by its text, so that 9 stands before 10
	Regressions int     `json:"regressions"`
	Money       Money   `json:"money"`
}

// Ledger copies the whole ledger, without the history of each order.
func (s *Server) Ledger() Ledger {
	out := Ledger{Orders: []Order{}, Regressions: int(s.ledger.back.Load()), Money: s.Money()}
	for i := range s.ledger.shards {
		sh := &s.ledger.shards[i]
		sh.mu.Lock()
		records := make(map[string]orderRecord, len(sh.orders))
		for id, o := range sh.orders {
			records[id] = *o
		}
		sh.mu.Unlock()
		for id, o := range records {
			out.Orders = append(out.Orders, o.public(id))
		}
	}
	slices.SortFunc(out.Orders, func(a, b Order) int {
		return cmp.Or(cmp.Compare(len(a.OrderID), len(b.OrderID)), strings.Compare(a.OrderID, b.OrderID))
	})
	return out
}

// Order copies what is known of one order, with its history. It is false for an order that no push
// ever named.
func (s *Server) Order(id string) (Order, bool) {
	sh := s.ledger.shard([]byte(id))
	sh.mu.Lock()
	o := sh.orders[id]
	if o == nil {
		sh.mu.Unlock()
		return Order{}, false
	}
	record, history := *o, slices.Clone(o.history)
	sh.mu.Unlock()
	out := record.public(id)
	for i := range history {
		out.History = append(out.History, history[i].public())
	}
	return out, true
}

func hex64(n uint64) string { return fmt.Sprintf("%016x", n) }
