package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Due is an order whose time to be asked for again has come.
type Due struct {
	OrderID string
	DueAt   time.Time
}

// DueOrders lists orders that are due at now, the longest due first.
func (s *Store) DueOrders(ctx context.Context, now time.Time, limit int) ([]Due, error) {
	due, err := collect(s.db.WithContext(ctx), func(rows *sql.Rows) (d Due, err error) {
		var at timestamp
		err = rows.Scan(&d.OrderID, &at)
		d.DueAt = at.Time
		return d, err
	}, "SELECT `order_id`, `due_at` FROM `ordersync_order` WHERE `due_at` <= ? ORDER BY `due_at`, `order_id` LIMIT ?", s.sql.time(now), limit)
	if err != nil {
		return nil, fmt.Errorf("store: due orders: %w", err)
	}
	return due, nil
}

// PostponeDue makes orders due at until instead, each only where its due time is still the one given.
func (s *Store) PostponeDue(ctx context.Context, due []Due, until time.Time) error {
	due = slices.SortedFunc(slices.Values(due), func(a, b Due) int { return strings.Compare(a.OrderID, b.OrderID) })
	for chunk := range slices.Chunk(due, s.cfg.BatchSize) {
		args := []any{s.sql.time(until)}
		for _, d := range chunk {
			args = append(args, d.OrderID)
		}
		for _, d := range chunk {
			args = append(args, d.OrderID, s.sql.time(d.DueAt))
		}
		// The first condition finds the rows by key; the second one alone would not use it on every server.
		_, err := s.exec(ctx, "UPDATE `ordersync_order` SET `due_at` = ? WHERE `order_id` IN ("+places(len(chunk))+
			") AND (`order_id`, `due_at`) IN ("+s.sql.rowValues(len(chunk))+")", args...)
		if err != nil {
			return fmt.Errorf("store: postpone due orders: %w", err)
		}
	}
	return nil
}

// rowValues is a list of n pairs.
func (d dialect) rowValues(n int) string {
	if d.sqlite {
		return "VALUES " + tuples(n, 2)
	}
	return tuples(n, 2)
}

// Unsynced is what Douyin does not know yet.
type Unsynced struct {
	Due    int64     // orders with a due time that is over, counted up to CountLimit
	Oldest time.Time // the longest due one's due time; zero: none
}

// CountLimit bounds what CountUnsynced counts, so that a metric never reads millions of rows.
const CountLimit = 100_000

// CountUnsynced counts the orders that are due at now, for metrics.
func (s *Store) CountUnsynced(ctx context.Context, now time.Time) (Unsynced, error) {
	var u Unsynced
	var oldest timestamp
	err := s.db.WithContext(ctx).Raw("SELECT COUNT(*), MIN(d.`due_at`) FROM (SELECT `due_at` FROM `ordersync_order` WHERE `due_at` <= ? ORDER BY `due_at` LIMIT ?) d",
		s.sql.time(now), CountLimit).Row().Scan(&u.Due, &oldest)
	if err != nil {
		return u, fmt.Errorf("store: count unsynced: %w", err)
	}
	u.Oldest = oldest.Time
	return u, nil
}

// RetryFilter says what RequestRetry asks for again.
type RetryFilter struct {
	OrderID string    // this order, whatever its outcome; empty: those that were refused or given up
	Code    *int      // only those with this code of Douyin's
	Kind    string    // only those with this kind
	Since   time.Time // only those whose outcome is not older; zero: all
	Limit   int       // at most that many; 0: 1000
}

// RequestRetry makes orders due now, which the scheduler hands over at its next round, and returns their ids. Fewer than
// Limit: there are no more.
func (s *Store) RequestRetry(ctx context.Context, f RetryFilter) ([]string, error) {
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	now := s.cfg.Now()
	where, args := []string{"(`due_at` IS NULL OR `due_at` > ?)"}, []any{s.sql.time(now)}
	if f.OrderID != "" {
		where, args = append(where, "`order_id` = ?"), append(args, f.OrderID)
	} else {
		where = append(where, "`failed_at` IS NOT NULL")
	}
	if f.Code != nil {
		where, args = append(where, "`code` = ?"), append(args, *f.Code)
	}
	if f.Kind != "" {
		where, args = append(where, "`kind` = ?"), append(args, f.Kind)
	}
	if !f.Since.IsZero() {
		where, args = append(where, "`updated_at` >= ?"), append(args, s.sql.time(f.Since))
	}
	ids, err := collect(s.db.WithContext(ctx), scanID, "SELECT `order_id` FROM `ordersync_order` WHERE "+strings.Join(where, " AND ")+" ORDER BY `order_id` LIMIT ?",
		append(args, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("store: request retry: %w", err)
	}
	for chunk := range slices.Chunk(ids, s.cfg.BatchSize) {
		args := []any{s.sql.time(now)}
		for _, id := range chunk {
			args = append(args, id)
		}
		if _, err := s.exec(ctx, "UPDATE `ordersync_order` SET `due_at` = ? WHERE `order_id` IN ("+places(len(chunk))+")", args...); err != nil {
			return nil, fmt.Errorf("store: request retry: %w", err)
		}
	}
	return ids, nil
}
