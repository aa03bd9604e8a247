package store

import (
	"time"

	"gorm.io/gorm"
)

// clock is the time that decides between processes: the database's. The clocks of two hosts differ, and a process that compares its
// own with a time that another one wrote may take a request in flight for one that is over. SQLite lives in the process, so its
// clock is Config.Now; so is a clock that was set there.
func (s *Store) clock(db *gorm.DB) (time.Time, error) {
	if s.sql.sqlite || s.ownClock {
		return s.cfg.Now(), nil
	}
	// Not NOW(): its hour is ambiguous once a year in some time zones.
	var micros int64
	err := db.Raw("SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))").Row().Scan(&micros)
	return time.UnixMicro(micros), err
}
