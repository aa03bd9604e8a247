package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"
)

// ErrNoPlace: what a page shall begin after is no place of its list.
var ErrNoPlace = errors.New("no place of this list")

// listRead is a list that is being read, chunk by chunk.
type listRead struct {
	s     *Store
	l     listing
	where string
	args  []any
	index string
	less  string // how the next row's place compares
	desc  string
	size  int
	plain bool // the statement does all of the filter

	after   ListKey
	looked  int
	done    bool
	bounded bool
}

func (s *Store) openList(ctx context.Context, l listing, q ListQuery) (*listRead, error) {
	r := &listRead{s: s, l: l, where: "1 = 1", index: l.index, less: ">", after: q.After, size: listChunk}
	if (l.oldest != q.Turn) == q.Back {
		r.less, r.desc = "<", " DESC"
	}
	f := q.ListFilter
	if l.alarms != "" && (f.Alarm || f.AlarmIs != "") { // few of many rows: they are put in order then
		r.index = "ordersync_" + string(l.alarms) + "_ack"
		r.and("`ack_at` IS NULL AND `alarm` > ''")
		if f.AlarmIs != "" {
			r.and("`alarm` = ?", f.AlarmIs)
		}
		if l.stateIndex != "" && f.State != "" {
			r.and(quote(l.state)+" = ?", f.State)
			f.State = ""
		}
		f.Alarm, f.AlarmIs = false, ""
	} else if l.stateIndex != "" && f.State != "" {
		r.index = l.stateIndex
		r.and(quote(l.state)+" = ?", f.State)
		f.State = ""
	}
	if l.by != "" {
		if l.some {
			r.and(quote(l.by) + " IS NOT NULL")
		}
		r.between(quote(l.by), s.sql.time(f.Since), s.sql.time(f.Until))
		f.Since, f.Until = time.Time{}, time.Time{}
	} else if l.ids && !(f.Since.IsZero() && f.Until.IsZero()) {
		if err := r.betweenIDs(ctx, f); err != nil {
			return nil, err
		}
	}
	if l.prefix && f.Text != "" {
		r.between(quote(l.key), f.Text, f.Text+"\U0010FFFF")
		f.Text = ""
	}
	if r.plain = f == (ListFilter{}); r.plain {
		r.size = q.Limit + 1
	}
	return r, nil
}

func (r *listRead) and(condition string, args ...any) {
	r.where, r.args = r.where+" AND "+condition, append(r.args, args...)
}

// between bounds a column; nil: no bound.
func (r *listRead) between(column string, low, high any) {
	if low != nil {
		r.and(column+" >= ?", low)
	}
	if high != nil {
		r.and(column+" <= ?", high)
	}
}

// betweenIDs turns times into bounds of the key, a little too wide: rows that were written at the
// same time need not have their times in order.
func (r *listRead) betweenIDs(ctx context.Context, f ListFilter) error {
	const slack = time.Minute
	if !f.Since.IsZero() {
		low, err := r.s.firstID(ctx, r.l.table, r.l.key, r.l.at, f.Since.Add(-slack))
		if err != nil {
			return err
		}
		r.and(quote(r.l.key)+" >= ?", low)
	}
	if !f.Until.IsZero() {
		high, err := r.s.firstID(ctx, r.l.table, r.l.key, r.l.at, f.Until.Add(slack))
		if err != nil {
			return err
		}
		r.and(quote(r.l.key)+" <= ?", high)
	}
	return nil
}

// firstID is the least id of a table whose row is not older than a time, by halving: some forty reads
// of one row by the key. There may be none: then it is one behind the last.
func (s *Store) firstID(ctx context.Context, table, key, at string, t time.Time) (int64, error) {
	db := s.db.WithContext(ctx)
	var first, last sql.NullInt64
	if err := db.Raw("SELECT (SELECT MIN("+quote(key)+") FROM "+quote(table)+"), (SELECT MAX("+quote(key)+") FROM "+quote(table)+")").Row().Scan(&first, &last); err != nil {
		return 0, err
	}
	low, high := first.Int64, last.Int64+1
	for low < high {
		middle := low + (high-low)/2
		found, err := collect(db, func(rows *sql.Rows) (r ListRow, err error) {
			var id int64
			var time timestamp
			err = rows.Scan(&id, &time)
			r.Amount, r.At = Fen(id), time.Time
			return r, err
		}, "SELECT "+quote(key)+", "+quote(at)+" FROM "+quote(table)+" WHERE "+quote(key)+" >= ? ORDER BY "+quote(key)+" LIMIT 1", middle)
		switch {
		case err != nil:
			return 0, err
		case len(found) == 0 || !found[0].At.Before(t):
			high = middle
		default:
			low = int64(found[0].Amount) + 1
		}
	}
	return low, nil
}

// from is the statement from FROM to the begin of ORDER BY.
func (r *listRead) from() string {
	hint := ""
	switch {
	case r.index != "" && r.s.sql.sqlite:
		hint = " INDEXED BY " + quote(r.index)
	case r.index != "":
		hint = " FORCE INDEX (" + quote(r.index) + ")"
	case !r.s.sql.sqlite:
		hint = " FORCE INDEX (PRIMARY)"
	}
	return " FROM " + quote(r.l.table) + hint + " WHERE " + r.where
}

// chunk reads the next rows, in the order in which they are read.
func (r *listRead) chunk(ctx context.Context) ([]ListRow, error) {
	l, key := r.l, quote(r.l.key)
	statement, args := r.from(), r.args
	if r.after != (ListKey{}) {
		place, at := any(r.after.Key), r.s.sql.time(r.after.At)
		if l.ids {
			id, err := strconv.ParseInt(r.after.Key, 10, 64)
			if err != nil {
				return nil, ErrNoPlace
			}
			place = id
		}
		if l.by == "" {
			statement, args = statement+" AND "+key+" "+r.less+" ?", append(args, place)
		} else {
			by := quote(l.by)
			statement += " AND " + by + " " + r.less + "= ? AND (" + by + " " + r.less + " ? OR " + key + " " + r.less + " ?)"
			args = append(args, at, at, place)
		}
	}
	order := key + r.desc
	if l.by != "" {
		order = quote(l.by) + r.desc + ", " + order
	}
	rows, err := collect(r.s.db.WithContext(ctx), scanListRow, "SELECT "+key+", "+l.columns+", "+quote(l.at)+statement+" ORDER BY "+order+" LIMIT ?", append(args[:len(args):len(args)], r.size)...)
	if err != nil {
		return nil, err
	}
	if l.by != "" {
		for i := range rows {
			rows[i].sorted = rows[i].At
		}
	}
	r.looked += len(rows)
	r.done = len(rows) < r.size
	if len(rows) > 0 {
		r.after = rows[len(rows)-1].place()
	}
	if !r.done && r.looked >= ListWindow {
		r.done, r.bounded = true, true
	}
	return rows, nil
}

func scanListRow(rows *sql.Rows) (r ListRow, err error) {
	var due, at timestamp
	err = rows.Scan(&r.Key, &r.OrderID, &r.State, &r.Kind, &r.Code, &r.Message, &r.Amount, &r.System, &r.Alarm, &r.Note, &due, &at)
	r.DueAt, r.At = due.ptr(), at.Time
	return r, err
}
