package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Key is a place in the order of (time, key). It may be kept and resumed as JSON. With an ID,
// everything up to it is done; without one, everything before Time is.
type Key struct {
	Time time.Time `json:"time"`
	ID   string    `json:"id"` // the shop's key
}

// Range is a range of time, of one of the shop's time columns.
type Range struct {
	From, To     time.Time // both included; zero: no bound
	Before       time.Time // beside To, not included; zero: no bound
	ByCreateTime bool      // else updated_at, where the shop has one
	After        Key       // where to go on; the zero value: at the begin
	Keys         *Keys     // of the orders, where they are whole numbers; nil: all
	NewestFirst  bool      // in the order of (time, key) from its end; with an After there is no such page
}

// Keys is a range of keys, both ends included.
type Keys struct{ Low, High int64 }

// Seen is an order as the sweep sees it.
type Seen struct {
	ID, Status string    // the shop's key, and its own value
	Updated    string    // as Order.Updated
	UpdatedAt  time.Time // zero: the shop has none, or it cannot be read
	At         time.Time // where the order stands in the range; zero: its time cannot be read
	Douyins    bool      // the filter lets it through
	Faults     int       // times that cannot be read
}

// Page is the statement that reads at most limit orders of a range, in the order of (time, key).
// bare leaves out what only Statuses reads: status and updated_at.
//
// The condition on the place is written out, for (a, b) > (x, y) reads the whole range; and beside it
// stands one on the time alone, for the index is entered there. The filter is judged by the reader:
// as a condition it would let one statement read on until it has found enough.
func (r *Reading) Page(q Range, limit int, bare bool) (Statement, error) {
	where, args, err := r.pageWhere(q)
	if err != nil {
		return Statement{}, err
	}
	t, _ := r.timeColumn(q)
	s := r.sweep
	status, updated := s.read("status"), s.expr["updated_at"]
	if status == "" || bare {
		status = "''"
	}
	if updated == "" || bare {
		updated = "NULL"
	}
	id := s.expr["id"]
	args = append(append(append([]any{}, s.args...), args...), limit)
	down := ""
	if q.NewestFirst {
		down = " DESC"
	}
	return Statement{"SELECT " + s.hint + s.read("id") + ", " + status + ", " + t + ", " + updated + ", CASE WHEN " + s.where + " THEN 1 ELSE 0 END FROM " +
		s.from + where + " ORDER BY " + t + down + ", " + id + down + " LIMIT ?", args}, nil
}

// Newest is the statement that reads the newest time of a range alone; none where no order is in it.
func (r *Reading) Newest(q Range) (Statement, error) {
	where, args, err := r.pageWhere(q)
	t, _ := r.timeColumn(q)
	return Statement{"SELECT " + r.sweep.hint + t + " FROM " + r.sweep.from + where + " ORDER BY " + t + " DESC LIMIT 1", args}, err
}

// Count is a SELECT of a 1 for each order of a range, for whoever counts it.
func (r *Reading) Count(q Range) (Statement, error) {
	where, args, err := r.pageWhere(q)
	return Statement{"SELECT " + r.sweep.hint + "1 FROM " + r.sweep.from + where, args}, err
}

// statuses is the statement that reads key, status and updated_at of orders, up to its ids.
func (r *Reading) statuses() Statement {
	s := r.sweep
	return Statement{s.selectSome(s.has([]string{"id", "status", "updated_at"})) + " AND " + s.expr["id"] + " IN (", s.args}
}

// Statuses reads status and updated_at of orders into them. It is for a page that failed: whoever has
// its keys finds the order that fails it.
func (r *Reading) Statuses(ctx context.Context, db Querier, orders []*Seen) error {
	var args []any
	byID := make(map[string]*Seen, len(orders))
	for _, o := range orders {
		if arg, ok := idArg(o.ID, r.sweep.types["id"].number); ok {
			args = append(args, arg)
			byID[o.ID] = o
		}
	}
	if args == nil {
		return nil
	}
	var id, status sql.NullString
	var updated any
	cells := map[string]any{"id": &id, "status": &status, "updated_at": &updated}
	var into []any
	for _, c := range r.sweep.has([]string{"id", "status", "updated_at"}) {
		into = append(into, cells[c])
	}
	return each(ctx, db, r.statuses().In(args), into, func() {
		if o := byID[id.String]; o != nil {
			o.Status = status.String
			r.seeUpdated(o, updated)
		}
	})
}

// ReadPage runs a statement of Page and calls see for each order.
func (r *Reading) ReadPage(ctx context.Context, db Querier, q Statement, see func(Seen)) error {
	var id, status sql.NullString
	var at, updated any
	var wanted bool
	return each(ctx, db, q, []any{&id, &status, &at, &updated, &wanted}, func() {
		o := Seen{ID: id.String, Status: status.String, Douyins: wanted}
		r.seeUpdated(&o, updated)
		t, err := r.AnyTime(at)
		if err != nil {
			o.Faults++
			t = time.Time{}
		}
		o.At = t
		see(o)
	})
}

func (r *Reading) seeUpdated(o *Seen, updated any) {
	if !r.HasUpdated() {
		return
	}
	var err error
	if o.Updated, err = r.mark(updated); err == nil {
		o.UpdatedAt, err = r.AnyTime(updated)
	}
	if err != nil {
		o.Faults++ // its status is compared all the same
	}
}

// TextTimes are our names of the columns that hold times as texts.
func (r *Reading) TextTimes() []string {
	var columns []string
	for _, column := range []string{"create_time", "updated_at"} {
		if r.schema.Time == Datetime && r.sweep.types[column].text {
			columns = append(columns, column)
		}
	}
	return columns
}

// SampleTimes reads at most limit texts of a column of TextTimes, of the orders with the first keys or the last.
func (r *Reading) SampleTimes(ctx context.Context, db Querier, column string, down bool, limit int) (texts []string, err error) {
	s := r.sweep
	t, by := s.expr[column], s.expr["id"]
	if down {
		by += " DESC"
	}
	var text sql.NullString
	q := Statement{"SELECT " + s.hint + t + " FROM " + s.from + " WHERE " + s.where + " AND " + t + " <> '' ORDER BY " + by + " LIMIT " + strconv.Itoa(limit), s.args}
	err = each(ctx, db, q, []any{&text}, func() { texts = append(texts, text.String) })
	return texts, err
}

// timeColumn is the column that q goes by, and whether it holds a number.
func (r *Reading) timeColumn(q Range) (expr string, numeric bool) {
	if updated := r.sweep.expr["updated_at"]; updated != "" && !q.ByCreateTime {
		return updated, r.sweep.types["updated_at"].number
	}
	return r.sweep.expr["create_time"], r.schema.Time != Datetime
}

// pageWhere is the condition on time and key, from its WHERE on.
func (r *Reading) pageWhere(q Range) (condition string, args []any, err error) {
	t, numeric := r.timeColumn(q)
	id := r.sweep.expr["id"]
	value := func(t time.Time) any { return r.bind(t, numeric) }
	where := []string{t + " IS NOT NULL"}
	from := q.From
	if q.After.Time.After(from) {
		from = q.After.Time
	}
	if !from.IsZero() {
		where, args = append(where, t+" >= ?"), append(args, value(from))
	}
	if !q.To.IsZero() {
		where, args = append(where, t+" <= ?"), append(args, value(q.To))
	}
	if !q.Before.IsZero() {
		where, args = append(where, t+" < ?"), append(args, value(q.Before))
	}
	if q.Keys != nil {
		where, args = append(where, id+" >= ? AND "+id+" <= ?"), append(args, q.Keys.Low, q.Keys.High)
	}
	if q.After.ID != "" {
		after, ok := idArg(q.After.ID, r.sweep.types["id"].number)
		if !ok {
			return "", nil, errors.New("the place to go on from names no order")
		}
		where = append(where, "("+t+" > ? OR ("+t+" = ? AND "+id+" > ?))")
		args = append(args, value(q.After.Time), value(q.After.Time), after)
	}
	return " WHERE " + strings.Join(where, " AND "), args, nil
}

// ErrNoPlace is a page from whose rows nobody can go on, because none has a time that can be read.
func (r *Reading) ErrNoPlace(rows int) error {
	return fmt.Errorf("no row of %s has a time that can be read", strconv.Itoa(rows))
}
