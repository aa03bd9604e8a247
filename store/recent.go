package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// What the lists of the command line read. Each statement goes through an index and reads no more
// rows than it answers, but for LastSuccess, whose bound it names.

// OpenInstructions are refunds or settlements that are sent, or asked about, again, the one that is
// due next first: those that have not ended, and have a time.
func (s *Store) OpenInstructions(ctx context.Context, m Money, limit int) ([]Instruction, error) {
	stored, err := readInstructions(s.db.WithContext(ctx), m, "`due_at` IS NOT NULL ORDER BY `due_at` LIMIT ?", "", limit)
	if err != nil {
		return nil, fmt.Errorf("store: open %ss: %w", m, err)
	}
	all := make([]Instruction, len(stored))
	for i := range stored {
		all[i] = stored[i].Instruction
	}
	return all, nil
}

// RecentCallback is a callback as a list shows it: without its body.
type RecentCallback struct {
	ID          int64      // in the order in which they were stored
	Type        string     // payment, refund, settle, or what else Douyin says
	Number      string     // the shop's; empty: it cannot be read
	Status      string     // SUCCESS, FAIL, or what else Douyin says
	OrderID     string     // empty: it is not known
	Alarm       string     // its own, or a copy of that of what it is about; empty: none
	Note        string     // as KeptCallback.Note, of what counts empty
	Deliveries  int        // how often it has come
	ReceivedAt  time.Time  // the first one
	Waits       *time.Time // when it is handed on to the shop's own handler; nil: it is not, or was taken
	ForwardSays string     // why the last delivery there has failed; empty: it was taken, or never tried
	ForwardedAt *time.Time // when it was taken there; nil: it was not
}

// NewestCallbacks are the callbacks that were stored last, newest first.
func (s *Store) NewestCallbacks(ctx context.Context, limit int) ([]RecentCallback, error) {
	all, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (c RecentCallback, err error) {
		var received, waits, forwarded timestamp
		err = rows.Scan(&c.ID, &c.Type, &c.Number, &c.Status, &c.OrderID, &c.Alarm, &c.Note, &c.Deliveries, &received, &waits, &c.ForwardSays, &forwarded)
		c.ReceivedAt, c.Waits, c.ForwardedAt = received.Time, waits.ptr(), forwarded.ptr()
		return c, err
	}, "SELECT `id`, `type`, `number`, `status`, `order_id`, `alarm`, `note`, `received`, `received_at`, `forward_due_at`, `forward_message`, `forwarded_at`"+
		" FROM `ordersync_callback` ORDER BY `id` DESC LIMIT ?", limit)
	return all, inStore("newest callbacks", err)
}

// LastSuccess is when the newest push, or call about money, went well, of the newest `most` rows of
// the log. Zero: none of them did. Fulfilment, whose rows say Kept with and without a call, does not
// count.
func (s *Store) LastSuccess(ctx context.Context, most int) (at time.Time, err error) {
	var found timestamp
	err = s.db.WithContext(ctx).Raw("SELECT l.`at` FROM (SELECT `id`, `at`, `outcome` FROM `ordersync_log` ORDER BY `id` DESC LIMIT ?) l"+
		" WHERE l.`outcome` IN (?, ?, ?) ORDER BY l.`id` DESC LIMIT 1", most, string(Pushed), string(MoneySubmitted), string(MoneySucceeded)).Row().Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return found.Time, inStore("last success", err)
}

func inStore(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s: %w", what, err)
}
