package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Forward is a callback that the shop's own handler has to get.
type Forward struct {
	ID       int64  // of its row
	Type     string // as Callback.Type
	Number   string // as Callback.Number
	Raw      []byte // the whole body, signature included
	Headers  string // as Callback.Headers
	Attempts int    // deliveries before this one
}

// ClaimForwards takes at most limit callbacks that are due at now and makes them due again at
// until, so that nobody else takes them meanwhile and none is lost with a process that dies. Each
// is to end with Forwarded, PostponeForward or GiveUpForward.
func (s *Store) ClaimForwards(ctx context.Context, now, until time.Time, limit int) ([]Forward, error) {
	due, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (f Forward, err error) {
		var headers sql.NullString
		err = rows.Scan(&f.ID, &f.Type, &f.Number, &f.Raw, &f.Attempts, &headers)
		f.Headers = headers.String
		return f, err
	}, "SELECT `id`, `type`, `number`, `raw`, `forward_attempts`, `headers` FROM `ordersync_callback` WHERE `forward_due_at` <= ? ORDER BY `forward_due_at`, `id` LIMIT ?", s.sql.time(now), limit)
	if err != nil {
		return nil, fmt.Errorf("store: claim forwards: %w", err)
	}
	var claimed []Forward
	for _, f := range due {
		n, err := s.exec(ctx, "UPDATE `ordersync_callback` SET `forward_due_at` = ?, `forward_attempts` = `forward_attempts` + 1 WHERE `id` = ? AND `forward_attempts` = ? AND `forward_due_at` <= ?",
			s.sql.time(until), f.ID, f.Attempts, s.sql.time(now))
		if OneRow(err) {
			continue
		}
		if err != nil {
			return claimed, fmt.Errorf("store: claim forwards: %w", err)
		}
		if n == 1 {
			claimed = append(claimed, f)
		}
	}
	return claimed, nil
}

// Forwarded records that the shop's handler has answered success.
func (s *Store) Forwarded(ctx context.Context, id int64, at time.Time) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_callback` SET `forward_due_at` = NULL, `forward_message` = '', `forwarded_at` = ? WHERE `id` = ?", s.sql.time(at), id)
	if err != nil {
		return fmt.Errorf("store: forwarded: %w", err)
	}
	return nil
}

// PostponeForward records that the shop's handler has not taken a callback, and when to try again.
func (s *Store) PostponeForward(ctx context.Context, id int64, until time.Time, message string) error {
	_, err := s.exec(ctx, "UPDATE `ordersync_callback` SET `forward_due_at` = ?, `forward_message` = ? WHERE `id` = ?",
		s.sql.time(until), words(message), id)
	if err != nil {
		return fmt.Errorf("store: postpone forward: %w", err)
	}
	return nil
}

// GiveUpForward records that the shop's handler has never taken a callback and is not asked again.
// That is the alarm AlarmUndelivered of the callback, unless it has an alarm of its own that nobody
// has acknowledged: then it is before a person already. Example: a callback of an unknown type that
// somebody acknowledged on its first day is undelivered on its eighth, and open again.
func (s *Store) GiveUpForward(ctx context.Context, id int64, message string) error {
	// MySQL sets columns from left to right, so alarm comes before the ack_at that it is decided by.
	_, err := s.exec(ctx, "UPDATE `ordersync_callback` SET "+
		"`alarm` = CASE WHEN `ack_at` IS NULL AND "+ownAlarms+" THEN `alarm` ELSE '"+AlarmUndelivered+"' END, "+
		"`ack_at` = NULL, `ack_by` = '', `ack_note` = '', `forward_due_at` = NULL, `forward_message` = ? WHERE `id` = ?",
		words(message), id)
	if err != nil {
		return fmt.Errorf("store: give up forward: %w", err)
	}
	return nil
}
