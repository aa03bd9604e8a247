package store

import (
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/gather"
	"github.com/ordersync/ordersync/tasks/cut"
)

// row is a row of ordersync_order in the hands of a batch.
type row struct {
	OrderState
	stored, dirty bool
}

// lockRows locks the rows of the orders that the calls are about, and reads them; an order without
// a row has an empty one.
func lockRows[K, V any](tx *gorm.DB, d dialect, calls []*gather.Call[K, V], orderID func(K) string) (map[string]*row, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	ids := make([]string, 0, len(calls))
	for _, c := range calls {
		ids = append(ids, orderID(c.Key))
	}
	slices.Sort(ids) // everybody locks in the same order
	ids = slices.Compact(ids)
	states, err := readStates(tx, ids, d.byKey, d.forUpdate)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]*row, len(ids))
	for _, id := range ids {
		state, found := states[id]
		rows[id] = &row{OrderState: state, stored: found}
	}
	return rows, nil
}

// beginRows announces attempts by the row: it locks the rows, decides in memory, and writes what
// changed.
func (s *Store) beginRows(tx *gorm.DB, calls []*gather.Call[*Begin, int64]) error {
	rows, err := lockRows(tx, s.sql, calls, func(b *Begin) string { return b.OrderID })
	if err != nil {
		return err
	}
	for _, c := range calls {
		c.Value, c.Err = rows[c.Key.OrderID].begin(c.Key)
		if c.Err == nil {
			rows[c.Key.OrderID].decide(c.Key.System, s.cfg.Trade.On)
		}
	}
	return s.sql.saveRows(tx, rows)
}

// recordRows records attempts by the row, as beginRows announces them.
func (s *Store) recordRows(tx *gorm.DB, calls []*gather.Call[*Push, bool]) error {
	rows, err := lockRows(tx, s.sql, calls, func(p *Push) string { return p.OrderID })
	if err != nil {
		return err
	}
	for _, c := range calls {
		rows[c.Key.OrderID].record(c.Key)
		rows[c.Key.OrderID].decide(c.Key.System, s.cfg.Trade.On)
	}
	return s.sql.saveRows(tx, rows)
}

// saveRows writes the rows that changed.
func (d dialect) saveRows(tx *gorm.DB, rows map[string]*row) error {
	var fresh, changed []*OrderState
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		switch r := rows[id]; {
		case r.dirty && r.stored:
			changed = append(changed, &r.OrderState)
		case r.dirty:
			fresh = append(fresh, &r.OrderState)
		}
	}
	if len(fresh) > 0 {
		statement, args := d.insertStates(fresh, "")
		if _, err := execIn(tx, statement, args); err != nil {
			return err
		}
	}
	if len(changed) > 0 {
		statement, args := d.insertStates(changed, d.upsert("order_id", stateColumns[1:]))
		if _, err := execIn(tx, statement, args); err != nil {
			return err
		}
	}
	return nil
}

// touch names a new row and marks it for writing.
func (r *row) touch(orderID, orderNo string, at time.Time) {
	r.dirty = true
	r.OrderID = orderID
	if orderNo != "" {
		r.OrderNo = orderNo
	}
	if r.CreatedAt.IsZero() {
		r.CreatedAt = at
	}
	r.UpdatedAt = at
}

// decide writes the system of an order that has none. A row that is not written keeps it that way.
func (r *row) decide(system System, trade bool) {
	if trade && r.dirty && r.System == "" {
		r.System = system
	}
}

func (r *row) begin(b *Begin) (seq int64, err error) {
	if r.Seq != b.Seq {
		return 0, ErrSuperseded
	}
	r.touch(b.OrderID, b.OrderNo, b.At)
	if r.StartedAt.Before(b.At.Add(-b.StaleAfter)) {
		r.Open = 0 // whatever was open is over
	}
	r.Seq++
	r.Open++
	r.StartedAt, r.UpdateTime = b.At, b.UpdateTime
	r.Digest = "" // unknown until this attempt has ended
	if b.Fulfil != "" {
		r.FulfilSent = b.Fulfil
	}
	r.Outcome = Sending
	due := b.DueAt
	r.DueAt = &due
	return r.Seq, nil
}

// holds tells that the end of this very attempt stands in the row already: the quick way wrote it,
// and only then it turned out that another row of its batch was not as expected. An attempt that
// has begun since leaves log id and time as they are; one that has ended since hides it, and the
// order is looked at once more.
func (r *row) holds(p *Push) bool {
	if p.Outcome != Pushed || r.PushedAt == nil || !r.PushedAt.Equal(p.At.Truncate(time.Millisecond)) || r.LogID != cut.To(p.LogID, maxLogID) {
		return false
	}
	return r.Seq == p.Seq && r.Digest == cut.To(p.Digest, maxDigest) || r.Seq > p.Seq && r.LogID != ""
}

func (r *row) record(p *Push) {
	switch {
	case r.holds(p):
	case p.Outcome == Settled:
		if r.stored && r.Seq == p.Seq && r.Open == 0 {
			r.touch(p.OrderID, p.OrderNo, p.At)
			logID := r.LogID // of the call that told Douyin
			r.answer(p)
			r.Outcome, r.LogID, r.Attempts, r.DueAt = Pushed, logID, 0, nil
		}
	case p.Seq == 0:
		r.touch(p.OrderID, p.OrderNo, p.At)
		r.answer(p)
		r.Attempts++
		r.DueAt = p.DueAt
		if p.Outcome == Ignored || p.Outcome == Refused {
			r.DueAt = nil
		}
		if p.Outcome == Kept {
			r.DueAt, r.Attempts = nil, 0
		}
	case p.Seq == r.Seq:
		r.touch(p.OrderID, p.OrderNo, p.At)
		r.Open = max(r.Open-1, 0)
		asked := r.Outcome == Pending // while the attempt ran, somebody wanted another one: a refund changed
		r.answer(p)
		if !asked || p.DueAt != nil && r.DueAt != nil && p.DueAt.Before(*r.DueAt) {
			r.DueAt = p.DueAt
		}
		r.Attempts++
		if p.Outcome == Pushed {
			at := p.At
			r.Digest, r.Status, r.PushedAt, r.Attempts = p.Digest, p.Status, &at, 0
		}
		r.fulfilled(p)
	default:
		r.overtaken(p)
	}
	r.count(p.At)
}

// count keeps since when Douyin has not been told: from the first failure to the next success.
func (r *row) count(at time.Time) {
	switch r.Outcome {
	case Sending, Pending:
	case Refused, Retrying, GaveUp:
		if r.UntoldAt == nil {
			r.UntoldAt = &at
		}
	default:
		r.UntoldAt = nil
	}
}

// fulfilled takes over what Douyin holds of fulfilment. What may be there stays so until somebody knows.
func (r *row) fulfilled(p *Push) {
	switch {
	case p.Fulfilled != "":
		r.Fulfilled, r.FulfilSent, r.Attempts = p.Fulfilled, "", 0
	case p.Unsent:
		r.FulfilSent = ""
	}
}

// overtaken is the end of an attempt after which another one has begun. Which of the two reached
// Douyin last is not known, so what Douyin holds is unknown, and the order has to be looked at
// again: by the attempt that is still open, or at once.
func (r *row) overtaken(p *Push) {
	r.touch(p.OrderID, "", p.At)
	r.Open = max(r.Open-1, 0)
	r.Digest = ""
	if p.Fulfilled != "" && r.FulfilSent != "" { // the later attempt has not ended
		r.Fulfilled = p.Fulfilled
	}
	due := p.DueAt
	if due == nil || r.DueAt != nil && r.DueAt.Before(*due) {
		due = r.DueAt
	}
	if due == nil {
		at := p.At
		due = &at
	}
	r.DueAt = due
}

// answer takes over how a pass ended.
func (r *row) answer(p *Push) {
	r.Outcome, r.ShopStatus, r.ShopUpdated = p.Outcome, p.ShopStatus, p.ShopUpdated
	r.Kind, r.Code, r.Message, r.LogID = p.Kind, p.Code, p.Message, p.LogID
}
