package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// LastCalls are the ends of the newest calls to Douyin.
type LastCalls struct {
	Read    int       // calls that were looked at, without rows of the log that are none
	Newest  time.Time // of all of them; zero: nothing was ever called
	Oldest  time.Time // of those that were looked at; zero: none was
	Success time.Time // of the newest that went well; zero: none of them did
}

// kindUnavailable is the kind of a call that got no answer, or none that Douyin meant.
const kindUnavailable = "unavailable"

// LastCalls looks at the newest `most` rows of the log, by its key. What ended before it was a call,
// such as an order that lacks its picture, is left out.
func (s *Store) LastCalls(ctx context.Context, most int) (c LastCalls, err error) {
	_, err = collect(s.db.WithContext(ctx), func(rows *sql.Rows) (struct{}, error) {
		var at timestamp
		var outcome Outcome
		var kind string
		var status int
		if err := rows.Scan(&at, &outcome, &kind, &status); err != nil || status == 0 && kind != kindUnavailable {
			return struct{}{}, err // it ended before it was a call
		}
		if c.Read == 0 {
			c.Newest = at.Time
		}
		c.Read, c.Oldest = c.Read+1, at.Time
		if outcome.wentWell() && c.Success.IsZero() {
			c.Success = at.Time
		}
		return struct{}{}, nil
	}, "SELECT `at`, `outcome`, `kind`, `http_status` FROM `ordersync_log` ORDER BY `id` DESC LIMIT ?", most)
	if err != nil {
		return LastCalls{}, fmt.Errorf("store: last calls: %w", err)
	}
	return c, nil
}

// wentWell tells that Douyin has taken, or done, what a call asked for.
func (o Outcome) wentWell() bool {
	return o == Pushed || o == Kept || o == Outcome(MoneySubmitted) || o == Outcome(MoneySucceeded)
}
