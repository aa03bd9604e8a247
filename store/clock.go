package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"
)

// MostSkew is how far the clocks of a process and of the database may differ before it is said.
const MostSkew = 2 * time.Second

// clock is the database's clock as this process knows it. Processes on several hosts decide by times that others wrote (is this
// attempt over? is this order due?), so all of them go by one clock. It costs no round trip: every statement that reads orders
// brings the database's time along.
type clock struct {
	mu    sync.Mutex
	known bool
	ahead time.Duration // the process's clock, of the database's
	told  bool          // that they differ by more than MostSkew
}

// Clock is the database's time now, by the newest comparison of the clocks; until the first one it is
// the process's own.
func (s *Store) Clock() time.Time {
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	return s.cfg.Now().Add(-s.clock.ahead)
}

// Skew asks the database for its time and tells how far the process's clock is ahead of it; negative:
// behind. SQLite lives in the process: 0.
func (s *Store) Skew(ctx context.Context) (time.Duration, error) {
	if s.sql.sqlite { // it has no clock but the process's
		s.compare(s.cfg.Now(), s.cfg.Now(), s.cfg.Now())
		return 0, nil
	}
	before := s.cfg.Now()
	var micros int64
	if err := s.db.WithContext(ctx).Raw("SELECT " + s.sql.clock()).Row().Scan(&micros); err != nil {
		return 0, fmt.Errorf("store: clock: %w", err)
	}
	return s.compare(time.UnixMicro(micros), before, s.cfg.Now()), nil
}

// LastSkew is what Skew, or whatever else heard the database's time, found last. ok is false where
// nothing did.
func (s *Store) LastSkew() (ahead time.Duration, ok bool) {
	s.clock.mu.Lock()
	defer s.clock.mu.Unlock()
	return s.clock.ahead, s.clock.known
}

// Ahead are shop orders that were created later than now.
type Ahead struct {
	Orders int           // counted up to 1000; 0: none
	By     time.Duration // how far the last one that was counted is ahead, the furthest of them
}

// Ahead looks for orders whose create_time lies more than a second ahead of the database's clock: a
// clock is wrong, or loc in the DSN is not the shop's.
func (s *Store) Ahead(ctx context.Context) (Ahead, error) {
	now := s.Clock()
	_, page, err := s.readPage(ctx, Scan{From: now.Add(time.Second), ByCreateTime: true, Limit: 1000})
	if err != nil || page.Read == 0 {
		return Ahead{}, err
	}
	return Ahead{Orders: page.Read, By: page.Next.Time.Sub(now)}, nil
}

// compare takes over what a statement told that was sent and answered at these times of ours. What is known already stands where it
// lies in between: a slow answer says little.
func (s *Store) compare(database, sent, answered time.Time) (ahead time.Duration) {
	least, most := sent.Sub(database), answered.Sub(database)
	c := &s.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known || c.ahead < least || c.ahead > most {
		c.known, c.ahead = true, least+(most-least)/2
	}
	if far := c.ahead.Abs() > MostSkew; far != c.told {
		c.told = far
		if s.cfg.OnSkew != nil {
			s.cfg.OnSkew(c.ahead)
		}
	}
	return c.ahead
}

// clock is the database's time as an expression, in microseconds since 1970, whatever the session's zone.
func (d dialect) clock() string {
	if d.sqlite {
		return "NULL"
	}
	return "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
}

// readClock asks the database for its time. What must not be wrong by a guess (is a request of money still in flight?) is compared by
// it. SQLite lives in the process, so its clock is Config.Now; so is a clock that was set there.
func (s *Store) readClock(db *gorm.DB) (time.Time, error) {
	if s.sql.sqlite || s.ownClock {
		return s.cfg.Now(), nil
	}
	var micros int64
	err := db.Raw("SELECT " + s.sql.clock()).Row().Scan(&micros)
	return time.UnixMicro(micros), err
}
