package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	plain bool // there is nothing to look through: each row of the index is meant
	told  bool // the statement does all of the filter

	// filter is what of the filter the statement does, of rows up to end; zero: up to the last one.
	filter     string
	filterArgs []any
	end        ListKey

	after   ListKey
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
	r.plain = f == (ListFilter{})
	if r.told = r.tell(f); r.told {
		r.size = q.Limit + 1
	}
	if r.plain {
		return r, nil
	}
	return r, r.findEnd(ctx)
}

// tell puts into the statement what of a filter the database can tell; all tells that this is all of
// it. It says the same as ListFilter.lets.
func (r *listRead) tell(f ListFilter) (all bool) {
	shown := strings.Split(r.l.columns, ", ")
	orderID, state, kind, code, message, amount, alarm, note := shown[0], shown[1], shown[2], shown[3], shown[4], shown[5], shown[7], shown[8]
	also := func(condition string, arg any) {
		r.filter, r.filterArgs = r.filter+" AND "+condition+" ?", append(r.filterArgs, arg)
	}
	if f.State != "" {
		also(state+" =", f.State)
	}
	if f.Kind != "" {
		also(kind+" =", f.Kind)
	}
	if f.NotKind != "" {
		also(kind+" <>", f.NotKind)
	}
	if f.Code != nil {
		also(code+" =", *f.Code)
	}
	if f.Alarm {
		also(alarm+" <>", "")
	}
	if f.AlarmIs != "" {
		also(alarm+" =", f.AlarmIs)
	}
	if f.Unsaid {
		also(kind+" =", "")
	}
	if !f.Since.IsZero() {
		also(quote(r.l.at)+" >=", r.s.sql.time(f.Since))
	}
	if !f.Until.IsZero() {
		also(quote(r.l.at)+" <=", r.s.sql.time(f.Until))
	}
	if f.Least != nil {
		also(amount+" >=", int64(*f.Least))
	}
	if f.Most != nil {
		also(amount+" <=", int64(*f.Most))
	}
	// Where the database's small letters are not Go's, or the list goes by a begin, the rows are looked at.
	if f.Text != "" && !r.l.prefix && !r.s.sql.sqlite && caseIsASCII(f.Text) && !strings.Contains(f.Text, "\n") {
		r.filter += " AND LOCATE(?, LOWER(CONCAT_WS('\n', " + strings.Join([]string{quote(r.l.key), orderID, note, message}, ", ") + "))) > 0"
		r.filterArgs = append(r.filterArgs, strings.ToLower(f.Text))
		f.Text = ""
	}
	told := ListFilter{
		State: f.State, Kind: f.Kind, NotKind: f.NotKind, Code: f.Code, Alarm: f.Alarm, AlarmIs: f.AlarmIs, Unsaid: f.Unsaid,
		Since: f.Since, Until: f.Until, Least: f.Least, Most: f.Most,
	}
	return f == told // a field that is not named here is not told
}

// caseIsASCII tells that a text has no letters with a case but those of ASCII.
func caseIsASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf && (unicode.ToLower(r) != r || unicode.ToUpper(r) != r) })
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

// beyond is the condition on rows behind a place, as less has it, which may end with "=": from that
// place on.
func (r *listRead) beyond(k ListKey, less string) (condition string, args []any, err error) {
	place := any(k.Key)
	if r.l.ids {
		if place, err = strconv.ParseInt(k.Key, 10, 64); err != nil {
			return "", nil, ErrNoPlace
		}
	}
	key, by := quote(r.l.key), quote(r.l.by)
	if r.l.by == "" {
		return " AND " + key + " " + less + " ?", []any{place}, nil
	}
	at, strict := r.s.sql.time(k.At), less[:1]
	return " AND " + by + " " + strict + "= ? AND (" + by + " " + strict + " ? OR " + key + " " + less + " ?)", []any{at, at, place}, nil
}

// rows is the statement from FROM to the begin of ORDER BY, of rows behind after and up to end.
func (r *listRead) rows() (statement string, args []any, err error) {
	statement, args = r.from(), slices.Clone(r.args)
	for _, bound := range []struct {
		place ListKey
		less  string
	}{{r.after, r.less}, {r.end, map[string]string{"<": ">=", ">": "<="}[r.less]}} {
		if bound.place == (ListKey{}) {
			continue
		}
		condition, more, err := r.beyond(bound.place, bound.less)
		if err != nil {
			return "", nil, err
		}
		statement, args = statement+condition, append(args, more...)
	}
	return statement, args, nil
}

// order is what the rows are read by.
func (r *listRead) order() string {
	order := quote(r.l.key) + r.desc
	if r.l.by != "" {
		order = quote(r.l.by) + r.desc + ", " + order
	}
	return " ORDER BY " + order
}

// findEnd finds the last of the ListWindow rows that are looked through. It reads the index alone.
func (r *listRead) findEnd(ctx context.Context) error {
	statement, args, err := r.rows()
	if err != nil {
		return err
	}
	at := "NULL"
	if r.l.by != "" {
		at = quote(r.l.by)
	}
	found, err := collect(r.s.db.WithContext(ctx), func(rows *sql.Rows) (k ListKey, err error) {
		var time timestamp
		err = rows.Scan(&k.Key, &time)
		k.At = time.Time
		return k, err
	}, "SELECT "+quote(r.l.key)+", "+at+statement+r.order()+" LIMIT 1 OFFSET ?", append(args, ListWindow-1)...)
	if err == nil && len(found) > 0 {
		r.end = found[0]
	}
	return err
}

// count counts the rows that the statement lets through, no more than most.
func (r *listRead) count(ctx context.Context, most int) (n int, err error) {
	statement, args, err := r.rows()
	if err != nil {
		return 0, err
	}
	args = append(append(args, r.filterArgs...), most)
	err = r.s.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM (SELECT "+quote(r.l.key)+statement+r.filter+r.order()+" LIMIT ?) c", args...).Row().Scan(&n)
	return n, err
}

// chunk reads the next rows that the statement lets through, in the order in which they are read.
func (r *listRead) chunk(ctx context.Context) ([]ListRow, error) {
	l := r.l
	statement, args, err := r.rows()
	if err != nil {
		return nil, err
	}
	args = append(append(args, r.filterArgs...), r.size)
	rows, err := collect(r.s.db.WithContext(ctx), scanListRow, "SELECT "+quote(l.key)+", "+l.columns+", "+quote(l.at)+statement+r.filter+r.order()+" LIMIT ?", args...)
	if err != nil {
		return nil, err
	}
	if l.by != "" {
		for i := range rows {
			rows[i].sorted = rows[i].At
		}
	}
	if len(rows) > 0 {
		r.after = rows[len(rows)-1].place()
	}
	if r.done = len(rows) < r.size; r.done && r.end != (ListKey{}) {
		r.after, r.bounded = r.end, true
	}
	return rows, nil
}

func scanListRow(rows *sql.Rows) (r ListRow, err error) {
	var due, at timestamp
	err = rows.Scan(&r.Key, &r.OrderID, &r.State, &r.Kind, &r.Code, &r.Message, &r.Amount, &r.System, &r.Alarm, &r.Note, &due, &at)
	r.DueAt, r.At = due.ptr(), at.Time
	return r, err
}
