package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// HeldMoney is the refunds or settlements that wait because Douyin refuses the app's configuration
// with one number: a wrong salt holds up all of them. Most have never heard that number: they were
// held back behind those that did, and count with them. They go on by themselves when it is mended.
type HeldMoney struct {
	Money   Money  // the kind that waits
	Code    int    // Douyin's number; 0: the request could not even be signed
	Message string // Douyin's words about one of them
	Backlog        // Oldest: since when the first of them was asked for
}

// HeldMoney tells what the configuration holds up, of the BacklogLimit instructions of each kind that
// are due first. None where Douyin refuses nothing of it.
func (s *Store) HeldMoney(ctx context.Context) ([]HeldMoney, error) {
	held, err := heldMoney(s.db.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("store: held money: %w", err)
	}
	return held, nil
}

// The kinds of failure that speak of the configuration, and of what is held back behind it.
const (
	kindUnauthorized = "unauthorized"
	kindPaused       = "paused"
)

func heldMoney(db *gorm.DB) (all []HeldMoney, err error) {
	behind := map[Money]HeldMoney{}
	for _, m := range []Money{Refund, Settlement} {
		type group struct {
			HeldMoney
			kind string
		}
		groups, err := collect(db, func(rows *sql.Rows) (g group, err error) {
			var oldest timestamp
			err = rows.Scan(&g.kind, &g.Code, &g.Message, &g.Count, &oldest)
			g.Money, g.Oldest = m, oldest.Time
			return g, err
		}, "SELECT o.`kind`, o.`code`, MAX(o.`message`), COUNT(*), MIN(o.`created_at`) FROM (SELECT `kind`, `code`, `message`, `created_at` FROM "+quote(ledgers[m].table)+
			" WHERE `due_at` IS NOT NULL ORDER BY `due_at` LIMIT ?) o WHERE o.`kind` IN (?, ?) GROUP BY o.`kind`, o.`code` ORDER BY o.`code`", BacklogLimit, kindUnauthorized, kindPaused)
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			if g.kind == kindPaused {
				behind[m] = g.HeldMoney
			} else {
				all = append(all, g.HeldMoney)
			}
		}
	}
	return withThoseBehind(all, behind), nil
}

// withThoseBehind adds what is held back to what Douyin has refused, of its own kind where there is
// such. With nothing refused the configuration is not the reason: Douyin is down.
func withThoseBehind(refused []HeldMoney, behind map[Money]HeldMoney) []HeldMoney {
	if len(refused) == 0 {
		return nil
	}
	all := slices.Clone(refused)
	for _, m := range []Money{Refund, Settlement} {
		more, some := behind[m]
		if !some {
			continue
		}
		n := slices.IndexFunc(all, func(h HeldMoney) bool { return h.Money == m })
		if n < 0 {
			more.Code, more.Message = refused[0].Code, refused[0].Message
			all = append(all, more)
			continue
		}
		all[n].Count += more.Count
		if more.Oldest.Before(all[n].Oldest) {
			all[n].Oldest = more.Oldest
		}
	}
	return all
}
