package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// FailureWindow bounds what FailureGroups and one Failures look at: that many orders that failed.
const FailureWindow = 10_000

// sampled bounds the groups for which FailureGroups reads a sample: the most frequent ones.
const sampled = 200

// FailureGroup is the orders that were refused or given up for one cause: Kind and Code are those of
// OrderState, the same for all of them. Count is of those that were looked at, see FailureWindow.
type FailureGroup struct {
	Kind   string
	Code   int
	Cause  string // as CauseOf tells it
	Count  int
	Asked  int        // of these, asked for again: due, or handed over and not pushed yet
	Oldest time.Time  // since when Douyin has not been told of one of them, the longest
	Newest time.Time  // when one of them failed last
	Sample OrderState // the one that failed last, for its words; empty for rare groups behind many others
}

// FailureGroups are the causes for which orders stand refused or given up, the most frequent first. complete is false when
// there are more than FailureWindow such orders: those that failed longer ago are not counted.
func (s *Store) FailureGroups(ctx context.Context) (groups []FailureGroup, complete bool, err error) {
	type key struct {
		kind  string
		code  int
		cause string
	}
	now, total := s.Clock(), 0
	found := map[key]*FailureGroup{}
	_, err = collect(s.db.WithContext(ctx), func(rows *sql.Rows) (struct{}, error) {
		f, err := scanFailed(rows)
		if err != nil {
			return struct{}{}, err
		}
		total++
		k := key{f.Kind, f.Code, f.Cause}
		g := found[k]
		if g == nil { // the newest failure comes first
			g = &FailureGroup{Kind: f.Kind, Code: f.Code, Cause: f.Cause, Oldest: f.Since, Newest: f.FailedAt, Sample: OrderState{OrderID: f.OrderID}}
			found[k] = g
		}
		g.Count++
		if f.asked(now) {
			g.Asked++
		}
		if f.Since.Before(g.Oldest) {
			g.Oldest = f.Since
		}
		return struct{}{}, nil
	}, "SELECT "+failedColumns+" FROM `ordersync_order` "+s.sql.failedIndex()+" WHERE `failed_at` IS NOT NULL ORDER BY `failed_at` DESC LIMIT ?", FailureWindow)
	if err != nil {
		return nil, false, fmt.Errorf("store: failure groups: %w", err)
	}
	for _, g := range found {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b FailureGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Cause, b.Cause))
	})
	return groups, total < FailureWindow, s.sample(ctx, groups[:min(len(groups), sampled)])
}

// sample reads the samples of the groups.
func (s *Store) sample(ctx context.Context, groups []FailureGroup) error {
	if len(groups) == 0 {
		return nil
	}
	ids := make([]string, len(groups))
	for i := range groups {
		ids[i] = groups[i].Sample.OrderID
	}
	states, err := s.states(ctx, ids)
	if err != nil {
		return err
	}
	for i := range groups {
		groups[i].Sample = states[ids[i]]
	}
	return nil
}

// failedRow is an order that was refused or given up, as far as one reads it of many.
type failedRow struct {
	OrderID, OrderNo, Kind, Cause, Message string
	Code                                   int
	Outcome                                Outcome
	FailedAt, Since                        time.Time
	dueAt                                  timestamp
}

const failedColumns = "`order_id`, `order_no`, `kind`, `code`, `message`, `failed_at`, COALESCE(`untold_at`, `failed_at`), `due_at`, `outcome`"

func scanFailed(rows *sql.Rows) (f failedRow, err error) {
	var at, since timestamp
	err = rows.Scan(&f.OrderID, &f.OrderNo, &f.Kind, &f.Code, &f.Message, &at, &since, &f.dueAt, &f.Outcome)
	f.FailedAt, f.Since, f.Cause = at.Time, since.Time, CauseOf(f.Kind, f.Message)
	return f, err
}

func (f *failedRow) key() FailureKey { return FailureKey{f.FailedAt, f.OrderID} }

// asked tells that another push is due or on its way. What was refused never comes back by itself,
// so one that is due later was asked for and handed over.
func (f *failedRow) asked(now time.Time) bool {
	return !f.dueAt.IsZero() && (f.Outcome == Refused || !f.dueAt.After(now))
}

// FailureKey is where a page of Failures ended. The zero value: nowhere yet.
type FailureKey struct {
	FailedAt time.Time
	OrderID  string
}

// FailureQuery asks for one page of the orders that failed. Its empty fields let everything through;
// Limit is how many orders the page has at most, at least 1.
type FailureQuery struct {
	FailureFilter
	After FailureKey // of the last order of the page before; zero: from the end that Oldest names
	// Oldest turns the order round: the oldest failure first.
	Oldest bool
	Idle   bool // only those that are not asked for again already: due, or handed over
	Limit  int
}

// FailureFilter says which of the orders that failed are meant. The zero value: all of them. Kind and
// Code are those of OrderState; a Code of 0 means those without a number of Douyin's.
type FailureFilter struct {
	Kind  string    `json:"kind,omitempty"`
	Code  *int      `json:"code,omitempty"`
	Cause string    `json:"cause,omitempty"` // as CauseOf tells it
	Since time.Time `json:"since,omitzero"`  // only those for which Douyin has not been told since then, or later
	Until time.Time `json:"until,omitzero"`  // or since then, or earlier
	Text  string    `json:"text,omitempty"`  // a part of the order's key, of its number or of the words, in whatever case
	// FailedBy leaves out what has failed later than that: what fails again meanwhile does not come
	// twice.
	FailedBy time.Time `json:"failed_by,omitzero"`
}

func (q *FailureQuery) lets(f *failedRow, now time.Time) bool {
	switch {
	case q.Kind != "" && f.Kind != q.Kind, q.Code != nil && f.Code != *q.Code, q.Cause != "" && f.Cause != q.Cause, q.Idle && f.asked(now):
		return false
	case !q.Since.IsZero() && f.Since.Before(q.Since), !q.Until.IsZero() && f.Since.After(q.Until):
		return false
	}
	return q.Text == "" || holds(q.Text, f.OrderID, f.OrderNo, f.Message)
}

// holds tells whether one of the texts has a part, in whatever case.
func holds(part string, texts ...string) bool {
	part = strings.ToLower(part)
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), part) })
}

// Failure is an order that was refused or given up.
type Failure struct {
	OrderState
	Cause    string    // as CauseOf tells it
	FailedAt time.Time // of its last failure
	Since    time.Time // since when Douyin has not been told
}

// Key is what the next page begins after.
func (f *Failure) Key() FailureKey { return FailureKey{f.FailedAt, f.OrderID} }

// FailurePage is one page of the orders that failed.
type FailurePage struct {
	Orders []Failure
	Next   FailureKey // where the next page begins; zero: nothing is left
	// Bounded tells that FailureWindow orders were looked through for this page: it may have fewer
	// than Limit orders, and others behind Next.
	Bounded bool
	Looked  int // failures that were looked through
}

// failureChunk is how many failures one statement of Failures reads.
const failureChunk = 1000

// Failures reads one page, the newest failure first unless q.Oldest. It looks through FailureWindow
// orders at most, by the index on failures, whichever of them the query lets through.
func (s *Store) Failures(ctx context.Context, q FailureQuery) (page FailurePage, err error) {
	now, after, lookedFor := s.Clock(), q.After, 0
	plain := q.FailureFilter == (FailureFilter{FailedBy: q.FailedBy}) && !q.Idle
	for {
		chunk := failureChunk
		if plain {
			chunk = q.Limit + 1
		}
		found, err := s.failedFrom(ctx, after, q, chunk)
		if err != nil {
			return FailurePage{}, fmt.Errorf("store: failures: %w", err)
		}
		states, err := s.letThrough(ctx, found, func(f *failedRow) bool { return q.lets(f, now) })
		if err != nil {
			return FailurePage{}, err
		}
		for i := range found {
			page.Looked++
			f := &found[i]
			if state, through := states[f.OrderID]; through {
				if len(page.Orders) == q.Limit { // there is one more
					page.Next, page.Looked = page.Orders[q.Limit-1].Key(), lookedFor
					return page, nil
				}
				lookedFor = page.Looked
				page.Orders = append(page.Orders, Failure{OrderState: state, Cause: f.Cause, FailedAt: f.FailedAt, Since: f.Since})
			}
			after = f.key()
		}
		if len(found) < chunk {
			return page, nil
		}
		if page.Looked >= FailureWindow {
			page.Next, page.Bounded = after, true
			return page, nil
		}
	}
}

// letThrough reads the whole rows of those that let lets through.
func (s *Store) letThrough(ctx context.Context, found []failedRow, lets func(*failedRow) bool) (map[string]OrderState, error) {
	var ids []string
	for i := range found {
		if lets(&found[i]) {
			ids = append(ids, found[i].OrderID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.states(ctx, ids)
}

// failedFrom reads failures behind one, newest or oldest first. It names its index for the reason
// that countFailed has.
func (s *Store) failedFrom(ctx context.Context, after FailureKey, q FailureQuery, limit int) ([]failedRow, error) {
	where, args, less, order := "`failed_at` IS NOT NULL", []any{}, "<", " DESC"
	if q.Oldest {
		less, order = ">", ""
	}
	if !q.FailedBy.IsZero() {
		where, args = where+" AND `failed_at` <= ?", append(args, s.sql.time(q.FailedBy))
	}
	if after != (FailureKey{}) {
		at := s.sql.time(after.FailedAt)
		where += " AND `failed_at` " + less + "= ? AND (`failed_at` " + less + " ? OR `order_id` " + less + " ?)"
		args = append(args, at, at, after.OrderID)
	}
	return collect(s.db.WithContext(ctx), scanFailed, "SELECT "+failedColumns+" FROM `ordersync_order` "+s.sql.failedIndex()+" WHERE "+where+
		" ORDER BY `failed_at`"+order+", `order_id`"+order+" LIMIT ?", append(args, limit)...)
}

// CountFailures counts the orders that failed by a time (zero: until now), on the index on failures;
// no more than most.
func (s *Store) CountFailures(ctx context.Context, by time.Time, most int) (n int64, err error) {
	where, args := "`failed_at` IS NOT NULL", []any{}
	if !by.IsZero() {
		where, args = where+" AND `failed_at` <= ?", append(args, s.sql.time(by))
	}
	err = s.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM (SELECT `failed_at` FROM `ordersync_order` "+s.sql.failedIndex()+" WHERE "+where+" LIMIT ?) f", append(args, most)...).Row().Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: count failures: %w", err)
	}
	return n, nil
}
