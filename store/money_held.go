package store

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"
)

// HeldMoney is the refunds or settlements that wait because Douyin refuses the app's configuration with one number: a wrong salt holds up
// all of them. They go on by themselves when it is mended.
type HeldMoney struct {
	Money   Money
	Code    int    // Douyin's number; 0: the request could not even be signed
	Message string // Douyin's words about one of them
	Backlog        // Oldest: since when the first of them was asked for
}

// HeldMoney tells what the configuration holds up, of the BacklogLimit instructions of each kind that are due first.
func (s *Store) HeldMoney(ctx context.Context) ([]HeldMoney, error) {
	held, err := heldMoney(s.db.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("store: held money: %w", err)
	}
	return held, nil
}

func heldMoney(db *gorm.DB) (all []HeldMoney, err error) {
	for _, m := range []Money{Refund, Settlement} {
		held, err := collect(db, func(rows *sql.Rows) (HeldMoney, error) {
			h := HeldMoney{Money: m}
			var oldest timestamp
			err := rows.Scan(&h.Code, &h.Message, &h.Count, &oldest)
			h.Oldest = oldest.Time
			return h, err
		}, "SELECT o.`code`, MAX(o.`message`), COUNT(*), MIN(o.`created_at`) FROM (SELECT `kind`, `code`, `message`, `created_at` FROM "+quote(ledgers[m].table)+
			" WHERE `due_at` IS NOT NULL ORDER BY `due_at` LIMIT ?) o WHERE o.`kind` = 'unauthorized' GROUP BY o.`code` ORDER BY o.`code`", BacklogLimit)
		if err != nil {
			return nil, err
		}
		all = append(all, held...)
	}
	return all, nil
}
