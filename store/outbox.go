package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// OutboxRow is a task that the shop wrote in its own transaction: nothing of it was checked.
type OutboxRow struct {
	ID        int64     // the outbox may count anew, so it is unique at one time only
	Kind      string    // push, refund, settle or audit, where it is right
	OrderID   string    // the shop's key
	Payload   []byte    // JSON, where it is right; nil: NULL
	CreatedAt time.Time // zero: the shop wrote a date of zeros
}

// BadRow wraps the reason why an outbox row can never be handed over. RelayOutbox moves such a row to
// ordersync_outbox_bad.
//
//nolint:errname // it is the row that is bad, the error is beneath
type BadRow struct{ Err error }

func (e *BadRow) Error() string { return "bad outbox row: " + e.Err.Error() }

func (e *BadRow) Unwrap() error { return e.Err }

// LaterRow wraps the reason why an outbox row cannot be handed over yet, while others can: its order
// is not there, or another instruction has to end first. RelayOutbox passes it over for a while, so
// that such rows never stand in the way.
type LaterRow struct{ Err error } //nolint:errname // says what to do with the row, as BadRow does

func (e *LaterRow) Error() string { return "outbox row cannot be taken yet: " + e.Err.Error() }

func (e *LaterRow) Unwrap() error { return e.Err }

// laterAfter is how long a LaterRow is passed over.
const laterAfter = 30 * time.Second

// RelayOutbox hands at most limit rows over and returns how many it read. hand answers for each row: nil, the row is deleted;
// a *BadRow, the row is put aside with the reason; a *LaterRow, it is passed over for half a minute; any other error, it stays for
// the next time, or is passed over too where one behind it went through, and that error is returned in the end.
//
// The rows are locked until hand has returned, and rows that somebody else has locked are passed over (SKIP LOCKED; where the
// server does not know it, each row is claimed for a minute), so any number of processes may relay. A process that dies after
// hand and before the commit leaves its rows: hand must make a row that comes a second time one task, by an id that names the
// row.
func (s *Store) RelayOutbox(ctx context.Context, limit int, hand func(ctx context.Context, rows []OutboxRow) []error) (n int, err error) {
	var failed error
	relay := s.relayLocked
	if s.cannotSkip.Load() {
		relay = s.relayClaimed
	}
	n, failed, err = relay(ctx, limit, hand)
	if errors.Is(err, errCannotSkip) {
		n, failed, err = s.relayClaimed(ctx, limit, hand)
	}
	if err != nil {
		return 0, fmt.Errorf("store: relay outbox: %w", err)
	}
	return n, failed
}

// relayLocked is RelayOutbox by locks of rows.
func (s *Store) relayLocked(ctx context.Context, limit int, hand func(ctx context.Context, rows []OutboxRow) []error) (n int, failed, err error) {
	err = s.transaction(ctx, func(tx *gorm.DB) error {
		rows, err := s.dueOutbox(tx, s.Clock(), limit, s.sql.skipLocked)
		if err != nil {
			return s.skipError(err)
		}
		if n = len(rows); n == 0 {
			return nil
		}
		answers := hand(ctx, rows)
		if len(answers) != len(rows) {
			return fmt.Errorf("%d answers for %d rows", len(answers), len(rows))
		}
		failed, err = s.settleOutbox(tx, rows, answers)
		return err
	})
	return n, failed, err
}

// scan reads a row's columns, and more behind them.
func (r *OutboxRow) scan(rows *sql.Rows, more ...any) error {
	var payload sql.NullString
	var created timestamp
	if err := rows.Scan(append([]any{&r.ID, &r.Kind, &r.OrderID, &payload, &created}, more...)...); err != nil {
		return err
	}
	if payload.Valid {
		r.Payload = []byte(payload.String)
	}
	r.CreatedAt = created.Time
	return nil
}

// settleOutbox deletes what was handed over and puts bad rows aside. failed is the first of the other errors. A row whose own
// statement the database refuses is passed over like a LaterRow, and is failed: it must not keep the others in the outbox.
//
// It deletes row by row: for a list of keys the optimizer may scan a small table, and then waits for the rows that another
// relay has locked, which waits for ours.
func (s *Store) settleOutbox(tx *gorm.DB, rows []OutboxRow, answers []error) (failed, err error) {
	lastDone := -1
	for i, answer := range answers {
		if answer == nil {
			lastDone = i
		}
	}
	for i, r := range rows {
		var bad *BadRow
		var later *LaterRow
		answer := answers[i]
		if errors.As(answer, &bad) {
			if err := s.putAside(tx, r, bad.Err); badRow(err) {
				later, failed = &LaterRow{err}, cmp.Or(failed, fmt.Errorf("store: put outbox row %d aside: %w", r.ID, err))
			} else if err != nil {
				return nil, err
			}
			answer = nil
		}
		switch {
		case later != nil || errors.As(answer, &later):
			err = s.passOver(tx, r.ID)
		case answer == nil:
			err = tx.Exec("DELETE FROM `ordersync_outbox` WHERE `id` = ?", r.ID).Error
		default:
			failed = cmp.Or(failed, fmt.Errorf("store: hand over outbox row %d: %w", r.ID, answer))
			if i < lastDone { // it is this row's own fault, and it must not head the next batch
				err = s.passOver(tx, r.ID)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return failed, nil
}

func (s *Store) passOver(tx *gorm.DB, id int64) error {
	until := s.sql.time(s.cfg.Now().Add(laterAfter))
	return tx.Exec("UPDATE `ordersync_outbox` SET `later_at` = ? WHERE `id` = ?", until, id).Error
}

// kindPush is the kind of row that asks for no money.
const kindPush = "push"

// putAside keeps a row for a person. Whatever is no push may have asked for money, and is an alarm.
func (s *Store) putAside(tx *gorm.DB, r OutboxRow, reason error) error {
	var payload any
	if r.Payload != nil {
		payload = string(r.Payload)
	}
	created := r.CreatedAt
	if created.IsZero() { // a shop without strict mode wrote a date of zeros
		created = s.cfg.Now()
	}
	alarm := AlarmPutAside
	if r.Kind == kindPush {
		alarm = ""
	}
	return tx.Exec("INSERT INTO `ordersync_outbox_bad` (`id`, `kind`, `order_id`, `payload`, `created_at`, `reason`, `alarm`) VALUES "+tuples(1, 7),
		r.ID, r.Kind, r.OrderID, payload, s.sql.time(created), words(reason.Error()), alarm).Error
}

// BadOutboxRow is a row that was put aside.
type BadOutboxRow struct {
	OutboxRow        // ID is what the outbox called it; two rows may have had the same
	No        int64  // its number among those that were put aside
	Alarm     string // AlarmPutAside where it asks for money; empty: it asks for a push
	Ack       Ack    // of the alarm
	Reason    string // why it can never be handed over
}

// BadOutboxRows are the rows that were put aside, newest first.
func (s *Store) BadOutboxRows(ctx context.Context, limit int) ([]BadOutboxRow, error) {
	return s.badOutboxRows(ctx, "1 = 1 ORDER BY `no` DESC LIMIT ?", limit)
}

// BadOutboxRowsOf are those of an order that nobody has acknowledged.
func (s *Store) BadOutboxRowsOf(ctx context.Context, orderID string, limit int) ([]BadOutboxRow, error) {
	return s.badOutboxRows(ctx, openAlarm+" AND `order_id` = ? ORDER BY `no` DESC LIMIT ?", orderID, limit)
}

func (s *Store) badOutboxRows(ctx context.Context, where string, args ...any) ([]BadOutboxRow, error) {
	bad, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (r BadOutboxRow, err error) {
		var ack timestamp
		err = r.scan(rows, &r.No, &r.Reason, &r.Alarm, &ack, &r.Ack.By, &r.Ack.Note)
		r.Ack.At = ack.ptr()
		return r, err
	}, "SELECT `id`, `kind`, `order_id`, `payload`, `created_at`, `no`, `reason`, `alarm`, `ack_at`, `ack_by`, `ack_note`"+
		" FROM `ordersync_outbox_bad` WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("store: bad outbox rows: %w", err)
	}
	return bad, nil
}
