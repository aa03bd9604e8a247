package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// OutboxRow is a task that the shop wrote in its own transaction.
type OutboxRow struct {
	ID        int64
	Kind      string
	OrderID   string
	Payload   []byte // nil: NULL
	CreatedAt time.Time
}

// BadRow wraps the reason why an outbox row can never be handed over. RelayOutbox keeps such a row with its reason and does
// not read it again.
type BadRow struct{ Err error }

func (e *BadRow) Error() string { return "bad outbox row: " + e.Err.Error() }

func (e *BadRow) Unwrap() error { return e.Err }

// RelayOutbox hands at most limit rows over and returns how many it read. hand answers for each row: nil, the row is deleted;
// a *BadRow, the row is kept and never read again; any other error, the row stays for the next time, and that error is
// returned in the end.
//
// The rows are locked until hand has returned, and rows that somebody else has locked are passed over (SKIP LOCKED), so any
// number of processes may relay. A process that dies after hand and before the commit leaves its rows: hand must make a row
// that comes a second time one task, by an id that names the row.
func (s *Store) RelayOutbox(ctx context.Context, limit int, hand func(ctx context.Context, rows []OutboxRow) []error) (n int, err error) {
	var failed error
	err = s.transaction(ctx, func(tx *gorm.DB) error {
		rows, err := s.lockOutbox(tx, limit)
		n = len(rows)
		if err != nil || n == 0 {
			return err
		}
		answers := hand(ctx, rows)
		if len(answers) != len(rows) {
			return fmt.Errorf("%d answers for %d rows", len(answers), len(rows))
		}
		failed, err = s.settleOutbox(tx, rows, answers)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store: relay outbox: %w", err)
	}
	return n, failed
}

func (s *Store) lockOutbox(tx *gorm.DB, limit int) (locked []OutboxRow, err error) {
	rows, err := tx.Raw("SELECT `id`, `kind`, `order_id`, `payload`, `created_at` FROM `ordersync_outbox` WHERE `bad` = 0 ORDER BY `id` LIMIT ?"+
		s.sql.skipLocked, limit).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var r OutboxRow
		var payload sql.NullString
		var created timestamp
		if err := rows.Scan(&r.ID, &r.Kind, &r.OrderID, &payload, &created); err != nil {
			return nil, err
		}
		if payload.Valid {
			r.Payload = []byte(payload.String)
		}
		r.CreatedAt = created.Time
		locked = append(locked, r)
	}
	return locked, rows.Err()
}

// settleOutbox deletes what was handed over and sets bad rows aside. failed is the first of the other errors.
func (s *Store) settleOutbox(tx *gorm.DB, rows []OutboxRow, answers []error) (failed, err error) {
	var handed []any
	for i, r := range rows {
		var bad *BadRow
		switch {
		case answers[i] == nil:
			handed = append(handed, r.ID)
		case errors.As(answers[i], &bad):
			if err := tx.Exec("UPDATE `ordersync_outbox` SET `bad` = 1, `reason` = ? WHERE `id` = ?", clip(bad.Err.Error(), maxMessage), r.ID).Error; err != nil {
				return nil, err
			}
		case failed == nil:
			failed = fmt.Errorf("store: hand over outbox row %d: %w", r.ID, answers[i])
		}
	}
	if len(handed) == 0 {
		return failed, nil
	}
	return failed, tx.Exec("DELETE FROM `ordersync_outbox` WHERE `id` IN ("+places(len(handed))+")", handed...).Error
}

// BadOutboxRows are rows that were set aside, newest first, with their reasons.
func (s *Store) BadOutboxRows(ctx context.Context, limit int) (bad []OutboxRow, reasons []string, err error) {
	rows, err := s.db.WithContext(ctx).Raw("SELECT `id`, `kind`, `order_id`, `reason` FROM `ordersync_outbox` WHERE `bad` = 1 ORDER BY `id` DESC LIMIT ?", limit).Rows()
	if err != nil {
		return nil, nil, fmt.Errorf("store: bad outbox rows: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var r OutboxRow
		var reason string
		if err := rows.Scan(&r.ID, &r.Kind, &r.OrderID, &reason); err != nil {
			return nil, nil, fmt.Errorf("store: bad outbox rows: %w", err)
		}
		bad, reasons = append(bad, r), append(reasons, reason)
	}
	return bad, reasons, rows.Err()
}
