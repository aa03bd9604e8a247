package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/tasks/cut"
)

// The acts of operators.
const (
	ActPush         = "push"
	ActAcknowledge  = "acknowledge"
	ActJob          = "job"
	ActStop         = "job_stopped"
	ActHandOn       = "hand_on"
	ActAudit        = "audit" // the shop's word on a refund
	ActSignIn       = "sign_in"
	ActSignInFailed = "sign_in_failed"
	ActSignOut      = "sign_out"
	ActQueues       = "queues" // a change in asynqmon
)

// Act is something that an operator did, or somebody tried.
type Act struct {
	ID      int64     // in the order in which they were written; RecordAct does not read it
	At      time.Time // when it was done
	Who     string    // empty: a name that nobody has
	Act     string    // one of the acts above
	Subject string    // of an alarm or a callback its table, of an audit refund, of a job its act, of a change in asynqmon the method
	Number  string    // of what Subject names
	OrderID string    // the shop's key; empty: it was about none, or about many
	Orders  int64     // how many rows it was about
	Detail  string    // in words; empty: the rest says all
	Address string    // from where
}

// RecordAct writes down what an operator did.
func (s *Store) RecordAct(ctx context.Context, a Act) error {
	_, err := s.exec(ctx, "INSERT INTO `ordersync_operator_log` (`at`, `who`, `act`, `subject`, `number`, `order_id`, `orders`, `detail`, `address`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		s.sql.time(a.At), cut.To(a.Who, maxID), cut.To(a.Act, maxKind), cut.To(a.Subject, maxKind), cut.To(a.Number, maxID), cut.To(a.OrderID, maxID),
		a.Orders, cut.Clean(a.Detail, maxMessage), cut.To(a.Address, maxID))
	if err != nil {
		return fmt.Errorf("store: record act: %w", err)
	}
	return nil
}

// ActsOn are the newest acts on an order, the newest first.
func (s *Store) ActsOn(ctx context.Context, orderID string, limit int) ([]Act, error) {
	return s.acts(ctx, "`order_id` = ? ORDER BY `id` DESC LIMIT ?", orderID, limit)
}

// Acts are acts in the order of their numbers, the newest first, those before a number; 0: from the
// newest on.
func (s *Store) Acts(ctx context.Context, before int64, limit int) ([]Act, error) {
	if before <= 0 {
		return s.acts(ctx, "1 = 1 ORDER BY `id` DESC LIMIT ?", limit)
	}
	return s.acts(ctx, "`id` < ? ORDER BY `id` DESC LIMIT ?", before, limit)
}

func (s *Store) acts(ctx context.Context, where string, args ...any) ([]Act, error) {
	found, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (a Act, err error) {
		var at timestamp
		err = rows.Scan(&a.ID, &at, &a.Who, &a.Act, &a.Subject, &a.Number, &a.OrderID, &a.Orders, &a.Detail, &a.Address)
		a.At = at.Time
		return a, err
	}, "SELECT `id`, `at`, `who`, `act`, `subject`, `number`, `order_id`, `orders`, `detail`, `address` FROM `ordersync_operator_log` WHERE "+where, args...)
	if err != nil {
		return nil, fmt.Errorf("store: acts: %w", err)
	}
	return found, nil
}
