package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// ErrBackfillMoved: another process has moved the same backfill since it was read. Open it again.
var ErrBackfillMoved = errors.New("store: backfill moved by another process")

// Backfill is one walk over the orders of a range of time, as it stands in ordersync_backfill.
type Backfill struct {
	From, To   time.Time     // created at From or later, and before To; whole seconds
	Run        int           // 1, and one more each time the range was done once more
	Place      ScanKey       // everything up to it is done; the zero value: nothing is
	Tally      BackfillTally // of this run
	StartedAt  time.Time     // of this run
	UpdatedAt  time.Time     // when it was moved last
	FinishedAt time.Time     // zero: the run goes on

	moves int64
}

// BackfillTally counts orders. Found is the sum of the others.
type BackfillTally struct {
	Found    int64 // read
	Enqueued int64 // asked for
	Held     int64 // Douyin holds them as they are
	UnderWay int64 // asked for by somebody else: the scheduler sees to them
	LeftOut  int64 // none of Douyin's business: another channel's, or with a status that has no word of Douyin's
}

// Plus is the sum of both.
func (t BackfillTally) Plus(o BackfillTally) BackfillTally {
	return BackfillTally{t.Found + o.Found, t.Enqueued + o.Enqueued, t.Held + o.Held, t.UnderWay + o.UnderWay, t.LeftOut + o.LeftOut}
}

const backfillName = "20060102T150405Z"

// name is the row's key.
func (b Backfill) name() string {
	return b.From.UTC().Format(backfillName) + "-" + b.To.UTC().Format(backfillName)
}

// Revision names the run in the ids of its tasks, in at most 64 bytes: the same order asked for
// twice in one run is one task.
func (b Backfill) Revision() string { return "backfill-" + b.name() + "-" + strconv.Itoa(b.Run) }

// OpenBackfill finds the backfill of a range, or begins it. again begins a finished one once more,
// as a run of its own; one that is not finished goes on whatever again says, so that the same
// command may be repeated after any interruption.
func (s *Store) OpenBackfill(ctx context.Context, from, to time.Time, again bool) (Backfill, error) {
	b := Backfill{From: from.Truncate(time.Second), To: to.Truncate(time.Second)}
	now := s.sql.time(s.Clock())
	_, err := s.exec(ctx, "INSERT INTO `ordersync_backfill` (`name`, `run`, `place`, `started_at`, `updated_at`) VALUES (?, 1, '', ?, ?)"+s.sql.keep("name"),
		b.name(), now, now)
	if err != nil {
		return b, fmt.Errorf("store: open backfill (the table is made by ordersync migrate): %w", err)
	}
	if err := s.readBackfill(ctx, &b); err != nil || b.FinishedAt.IsZero() || !again {
		return b, err
	}
	_, err = s.exec(ctx, "UPDATE `ordersync_backfill` SET `run` = `run` + 1, `moves` = `moves` + 1, `place` = '', `found` = 0, `enqueued` = 0, `held` = 0, "+
		"`under_way` = 0, `left_out` = 0, `started_at` = ?, `updated_at` = ?, `finished_at` = NULL WHERE `name` = ? AND `moves` = ?", now, now, b.name(), b.moves)
	if err != nil {
		return b, fmt.Errorf("store: open backfill: %w", err)
	}
	return b, s.readBackfill(ctx, &b) // where another process began it at this moment, it is that one's run
}

func (s *Store) readBackfill(ctx context.Context, b *Backfill) error {
	var place string
	var started, updated, finished timestamp
	err := s.db.WithContext(ctx).Raw("SELECT `run`, `moves`, `place`, `found`, `enqueued`, `held`, `under_way`, `left_out`, `started_at`, `updated_at`, `finished_at` "+
		"FROM `ordersync_backfill` WHERE `name` = ?", b.name()).Row().Scan(&b.Run, &b.moves, &place, &b.Tally.Found, &b.Tally.Enqueued, &b.Tally.Held,
		&b.Tally.UnderWay, &b.Tally.LeftOut, &started, &updated, &finished)
	b.Place = ScanKey{}
	if err == nil && place != "" {
		err = json.Unmarshal([]byte(place), &b.Place)
	}
	if err != nil {
		return fmt.Errorf("store: read backfill: %w", err)
	}
	b.StartedAt, b.UpdatedAt, b.FinishedAt = started.Time, updated.Time, finished.Time
	return nil
}

// MoveBackfill puts a page behind b and returns the backfill as it then stands; it is finished with
// the last page. Call it when the page's orders are in their queue. The error is ErrBackfillMoved
// when another process was faster: nothing was counted twice then.
func (s *Store) MoveBackfill(ctx context.Context, b Backfill, page BackfillPage) (Backfill, error) {
	next := b
	next.Tally, next.UpdatedAt, next.moves = b.Tally.Plus(page.Tally), s.Clock(), b.moves+1
	if page.Next != (ScanKey{}) {
		next.Place = page.Next
	}
	if page.Done {
		next.FinishedAt = next.UpdatedAt
	}
	var place []byte
	if next.Place != (ScanKey{}) {
		var err error
		if place, err = json.Marshal(next.Place); err != nil {
			return b, fmt.Errorf("store: move backfill: %w", err)
		}
	}
	t := next.Tally
	moved, err := s.exec(ctx, "UPDATE `ordersync_backfill` SET `moves` = ?, `place` = ?, `found` = ?, `enqueued` = ?, `held` = ?, `under_way` = ?, `left_out` = ?, "+
		"`updated_at` = ?, `finished_at` = ? WHERE `name` = ? AND `moves` = ?", next.moves, string(place), t.Found, t.Enqueued, t.Held, t.UnderWay, t.LeftOut,
		s.sql.time(next.UpdatedAt), s.sql.time(next.FinishedAt), b.name(), b.moves)
	if err == nil && moved == 0 {
		err = ErrBackfillMoved
	}
	if err != nil {
		return b, fmt.Errorf("store: move backfill: %w", err)
	}
	return next, nil
}

// BackfillQuery says what a page of a backfill holds.
type BackfillQuery struct {
	Statuses []string  // as in Scan
	Limit    int       // rows read; 0: Config.BatchSize
	DueAt    time.Time // when the scheduler is to look at those asked for, should nobody have pushed them
}

// BackfillPage is what a page of a backfill found.
type BackfillPage struct {
	// Ask are the orders to be enqueued, in the order of their creation. Each is due in
	// ordersync_order, unless somebody had locked its row.
	Ask   []string
	Tally BackfillTally // of this page
	Next  ScanKey       // as in ScanPage
	Done  bool          // nothing is left behind this page
}

// MarkBackfill reads the page behind b.Place, by create_time, and makes those orders due that
// somebody has to ask for: all that Douyin does not hold as they are and nobody is at. So an order
// that was read is in MySQL's books before it is in Redis, and a Redis that comes back empty loses
// no order of a backfill. A page read once more asks for the same orders, as long as nobody has
// pushed them.
func (s *Store) MarkBackfill(ctx context.Context, b Backfill, q BackfillQuery) (BackfillPage, error) {
	var tally BackfillTally
	var ask []string
	// An order whose row is locked is asked for all the same: whoever holds the row may be writing
	// it for a day.
	read, err := s.markPage(ctx, b.scan(q), func(o shopOrder, state OrderState, known bool) (wanted bool) {
		switch {
		case !known:
			wanted = true
		case state.DueAt == nil && state.Outcome == Pushed && state.Open == 0 && !o.differs(state):
			tally.Held++
			return false
		case state.DueAt == nil:
			wanted = true
		case state.Outcome != Pending: // being pushed, or to be tried again
			tally.UnderWay++
			return false
		}
		tally.Enqueued++
		ask = append(ask, o.ID)
		return wanted
	})
	tally.Found, tally.LeftOut = int64(read.Read), int64(read.Read-len(read.IDs))
	return BackfillPage{Ask: ask, Next: read.Next, Done: read.Done, Tally: tally}, err
}

// scan is the range as the sweep's reading understands it, whose bounds are both included: a
// microsecond is the finest that a DATETIME holds.
func (b Backfill) scan(q BackfillQuery) Scan {
	return Scan{
		Statuses: q.Statuses, From: b.From, To: b.To.Add(-time.Microsecond), ByCreateTime: true,
		After: b.Place, Limit: q.Limit, DueAt: q.DueAt,
	}
}

// CountBackfill tells how many orders are left behind b.Place, for a progress bar. Up to CountLimit
// they are counted on the index; more are estimated by the server (EXPLAIN), and exact is false
// then.
func (s *Store) CountBackfill(ctx context.Context, b Backfill) (left int64, exact bool, err error) {
	r, err := s.reading(ctx)
	if err != nil {
		return 0, false, err
	}
	q := b.scan(BackfillQuery{})
	counted, err := r.Count(shop.Range{From: q.From, To: q.To, ByCreateTime: true, After: q.After})
	if err != nil {
		return 0, false, fmt.Errorf("store: count backfill: %w", err)
	}
	db := s.db.WithContext(ctx)
	if err := db.Raw("SELECT COUNT(*) FROM ("+counted.SQL+" LIMIT ?) counted", append(slices.Clip(counted.Args), CountLimit+1)...).Row().Scan(&left); err != nil {
		return 0, false, fmt.Errorf("store: count backfill: %w", err)
	}
	if left <= CountLimit {
		return left, true, nil
	}
	if s.sql.sqlite { // it has no estimate
		return left, false, nil
	}
	guess, err := s.explainStatement(ctx, counted)
	if err != nil {
		return left, false, fmt.Errorf("store: count backfill: %w", err)
	}
	for _, l := range guess.lines {
		left = max(left, l.rows)
	}
	return left, false, nil
}

// Backfills are the backfills that were moved last, the newest first. They are to be looked at: none
// has its Place, and MoveBackfill moves none of them.
func (s *Store) Backfills(ctx context.Context, limit int) ([]Backfill, error) {
	found, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (b Backfill, err error) {
		var name string
		var started, updated, finished timestamp
		err = rows.Scan(&name, &b.Run, &b.Tally.Found, &b.Tally.Enqueued, &b.Tally.Held, &b.Tally.UnderWay, &b.Tally.LeftOut, &started, &updated, &finished)
		if err != nil {
			return b, err
		}
		b.StartedAt, b.UpdatedAt, b.FinishedAt = started.Time, updated.Time, finished.Time
		from, to, _ := strings.Cut(name, "-")
		if b.From, err = time.Parse(backfillName, from); err == nil {
			b.To, err = time.Parse(backfillName, to)
		}
		return b, err
	}, "SELECT `name`, `run`, `found`, `enqueued`, `held`, `under_way`, `left_out`, `started_at`, `updated_at`, `finished_at` FROM `ordersync_backfill` ORDER BY `updated_at` DESC LIMIT ?", limit)
	if err != nil {
		return nil, fmt.Errorf("store: backfills: %w", err)
	}
	return found, nil
}
