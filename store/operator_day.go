package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// CallWindow bounds what Calls reads: that many of the newest rows of the log.
const CallWindow = 100_000

// CallCount is how many calls of one name ended with one outcome in one step of time.
type CallCount struct {
	Step    int // from the begin of the time asked for, counted from 0
	Call    string
	Outcome Outcome
	Kind    string // of the failure; empty: none
	Cause   string // of a push: why it was asked for
	Count   int
	Took    time.Duration // all of them together
	// Asked is how many of them tell when they were asked for, SinceAskedMicros how many
	// microseconds it took these from there to their end, all of them together: a Duration holds no
	// more than a thousand of the longest waits.
	Asked            int
	SinceAskedMicros int64
}

// sinceAsked is since_asked_us as LogRow.SinceAsked is read: NULL where it is not known.
var sinceAsked = fmt.Sprintf("CASE WHEN `since_asked_us` BETWEEN 1 AND %d THEN `since_asked_us` END", MaxSinceAsked.Microseconds())

// Calls counts the calls to Douyin since a time, in steps of whole seconds. The log has no index on time, so only its newest
// CallWindow rows are read; from is the time from which on the counts are complete, later than since when there are more.
func (s *Store) Calls(ctx context.Context, since time.Time, step time.Duration) (counts []CallCount, from time.Time, err error) {
	db := s.db.WithContext(ctx)
	var newest sql.NullInt64
	if err := db.Raw("SELECT MAX(`id`) FROM `ordersync_log`").Row().Scan(&newest); err != nil {
		return nil, since, fmt.Errorf("store: calls: %w", err)
	}
	low := newest.Int64 - CallWindow
	// Most of the window is older where the time is short: it is entered where the time begins.
	first, err := s.firstID(ctx, "ordersync_log", "id", "at", since.Add(-time.Minute))
	if err != nil {
		return nil, since, fmt.Errorf("store: calls: %w", err)
	}
	low = max(low, first-1)
	counts, err = collect(db, func(rows *sql.Rows) (c CallCount, err error) {
		var took int64
		err = rows.Scan(&c.Step, &c.Call, &c.Outcome, &c.Kind, &c.Cause, &c.Count, &took, &c.Asked, &c.SinceAskedMicros)
		c.Took = time.Duration(took) * time.Microsecond
		return c, err
	}, "SELECT "+s.sql.step("`at`", step)+", `call_name`, `outcome`, `kind`, `cause`, COUNT(*), SUM(`duration_us`), COUNT("+sinceAsked+"), COALESCE(SUM("+sinceAsked+"), 0) "+
		"FROM `ordersync_log` WHERE `id` > ? AND `at` >= ? GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
		s.sql.time(since), low, s.sql.time(since))
	if err != nil {
		return nil, since, fmt.Errorf("store: calls: %w", err)
	}
	left, err := collect(db, func(rows *sql.Rows) (at timestamp, err error) { return at, rows.Scan(&at) },
		"SELECT `at` FROM `ordersync_log` WHERE `id` <= ? ORDER BY `id` DESC LIMIT 1", low)
	if err != nil {
		return nil, since, fmt.Errorf("store: calls: %w", err)
	}
	if len(left) > 0 && left[0].After(since) {
		since = left[0].Time
	}
	return counts, since, nil
}

// step is how many steps lie between a time, which is the expression's argument, and a column that is not before it.
func (d dialect) step(column string, length time.Duration) string {
	seconds := int64(length / time.Second)
	if d.sqlite {
		return fmt.Sprintf("(CAST(strftime('%%s', %s) AS INTEGER) - CAST(strftime('%%s', ?) AS INTEGER)) / %d", column, seconds)
	}
	return fmt.Sprintf("TIMESTAMPDIFF(SECOND, ?, %s) DIV %d", column, seconds)
}

// DueCount is how many orders are due in one step of time.
type DueCount struct {
	Step  int
	Count int
}

// DueBetween counts the orders that are due in [from, to), in steps of whole seconds, through the index on due_at. At most
// CountLimit orders are counted, those that are due first.
func (s *Store) DueBetween(ctx context.Context, from, to time.Time, step time.Duration) ([]DueCount, error) {
	counts, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (c DueCount, err error) {
		return c, rows.Scan(&c.Step, &c.Count)
	}, "SELECT "+s.sql.step("d.`due_at`", step)+", COUNT(*) FROM (SELECT `due_at` FROM `ordersync_order` WHERE `due_at` >= ? AND `due_at` < ? ORDER BY `due_at` LIMIT ?) d GROUP BY 1 ORDER BY 1",
		s.sql.time(from), s.sql.time(from), s.sql.time(to), CountLimit)
	if err != nil {
		return nil, fmt.Errorf("store: due between: %w", err)
	}
	return counts, nil
}

// CallbackRow is a callback as it was stored, without its body.
type CallbackRow struct {
	ID              int64
	System          System
	Type            string
	Number          string
	Status          string
	Alarm           string
	Received        int // deliveries
	ReceivedAt      time.Time
	ForwardedAt     *time.Time // nil: not handed to the shop's own handler
	ForwardDueAt    *time.Time // nil: will not be handed over (any more)
	ForwardAttempts int
	ForwardMessage  string
}

// maxCallbackNumbers bounds one Callbacks.
const maxCallbackNumbers = 200

// Callbacks are the callbacks about a payment and about refunds and settlements of an order, by their numbers, oldest first:
// at most limit. They are read through the key that makes each of them one; more than 200 are cut.
func (s *Store) Callbacks(ctx context.Context, outOrderNo string, refunds, settlements []string, limit int) ([]CallbackRow, error) {
	var where []string
	var args []any
	about := func(callbackType string, numbers []string) {
		for _, n := range numbers {
			if n == "" || len(where) == maxCallbackNumbers {
				continue
			}
			key := callbackType + ":" + n // the key goes on with ":" and the status; ";" is the next character
			where, args = append(where, "`dedup_key` >= ? AND `dedup_key` < ? AND `number` = ?"), append(args, key+":", key+";", n)
		}
	}
	for _, system := range []string{"", "trade:"} { // as TradeCallback.name makes keys
		about(system+callbackPayment, []string{outOrderNo})
		about(system+callbackRefund, refunds)
		about(system+callbackSettle, settlements)
	}
	about("trade:"+callbackAsked, refunds)
	if len(where) == 0 {
		return nil, nil
	}
	found, err := collect(s.db.WithContext(ctx), scanCallback, "SELECT `id`, `system`, `type`, `number`, `status`, `alarm`, `received`, `received_at`, `forwarded_at`, `forward_due_at`, `forward_attempts`, `forward_message`"+
		" FROM `ordersync_callback` WHERE "+strings.Join(where, " OR ")+" ORDER BY `id` LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("store: callbacks: %w", err)
	}
	return found, nil
}

func scanCallback(rows *sql.Rows) (c CallbackRow, err error) {
	var received, forwarded, due timestamp
	err = rows.Scan(&c.ID, &c.System, &c.Type, &c.Number, &c.Status, &c.Alarm, &c.Received, &received, &forwarded, &due, &c.ForwardAttempts, &c.ForwardMessage)
	c.ReceivedAt, c.ForwardedAt, c.ForwardDueAt = received.Time, forwarded.ptr(), due.ptr()
	return c, err
}
