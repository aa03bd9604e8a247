package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// Our own times are UTC, whatever loc, TZ or the server's zone say: the driver converts nothing
// (Open sets its Loc to UTC), dialect.time writes UTC, and timestamp reads what stands there. The
// shop's times are a clock on the wall in the DSN's loc: only package shop knows it (shop.Database).

// mysqlNoZone is the server's answer to a time zone that it does not know.
const mysqlNoZone = 1298

// errZones is what a DSN gets that wants the session in another zone than the shop's times.
var errZones = errors.New(
	"store: the DSN sets time_zone to another zone than loc: the session's zone follows loc, " +
		"in which the shop's times are read; leave time_zone out",
)

// shopZone remembers a database's loc beside it, for the stores over it.
type shopZone struct{ loc *time.Location }

var _ gorm.Plugin = shopZone{}

// Name implements gorm.Plugin.
func (shopZone) Name() string { return "ordersync:zone" }

// Initialize implements gorm.Plugin.
func (shopZone) Initialize(*gorm.DB) error { return nil }

// zoneOf is the loc that Open was given; UTC for an embedded database.
func zoneOf(db *gorm.DB) *time.Location {
	if zone, ok := db.Plugins[shopZone{}.Name()].(shopZone); ok {
		return zone.loc
	}
	return time.UTC
}

// takeZone makes the driver convert no time, and returns the zone of the shop's. A time_zone of the
// DSN that says the same as loc is left out, any other is refused.
func takeZone(cfg *mysql.Config) (*time.Location, error) {
	loc := cfg.Loc
	cfg.Loc = time.UTC
	for name, value := range cfg.Params {
		if !strings.EqualFold(name, "time_zone") {
			continue
		}
		if !sameZone(loc, strings.Trim(value, `'"`)) {
			return nil, errZones
		}
		delete(cfg.Params, name)
	}
	return loc, nil
}

// sameZone tells whether MySQL's name for a zone is loc's own, or has its one offset.
func sameZone(loc *time.Location, name string) bool {
	if name == loc.String() {
		return true
	}
	offset, steady := steadyOffset(loc)
	if !steady {
		return false
	}
	if name == offset {
		return true
	}
	other, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return false
	}
	others, steady := steadyOffset(other)
	return steady && others == offset
}

// The years in which an order may have been created.
const firstYear, lastYear = 2000, 2100

// steadyOffset is loc's offset as MySQL writes it, where it is one and the same in all the years of
// orders; ok is false where clocks are put forward and back.
func steadyOffset(loc *time.Location) (offset string, ok bool) {
	_, first := time.Date(firstYear, 1, 1, 0, 0, 0, 0, loc).Zone()
	for year := firstYear; year <= lastYear; year++ {
		for month := time.January; month <= time.December; month++ {
			if _, other := time.Date(year, month, 1, 0, 0, 0, 0, loc).Zone(); other != first {
				return "", false
			}
		}
	}
	return sqlOffset(first), true
}

// sqlOffset is a number of seconds east of Greenwich as MySQL writes it, "+08:00".
func sqlOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return fmt.Sprintf("%c%02d:%02d", sign, seconds/3600, seconds/60%60)
}

// sessionZone is what a session's time_zone is set to, so that the server shows the shop's
// TIMESTAMP columns, NOW() and FROM_UNIXTIME() as a clock in loc. A zone with one offset is that
// offset, which every server knows; one with summer time is its name, and its offset of the moment
// where the server knows no names.
type sessionZone struct {
	loc     *time.Location
	steady  string      // its one offset; empty: it has several
	unnamed atomic.Bool // the server has said that it does not know the name
}

func newSessionZone(loc *time.Location) *sessionZone {
	steady, _ := steadyOffset(loc)
	return &sessionZone{loc: loc, steady: steady}
}

// names are the values to try, the best first.
func (z *sessionZone) names(now time.Time) []string {
	if z.steady != "" {
		return []string{z.steady, z.loc.String()} // MariaDB's offsets end at +13:00
	}
	_, seconds := now.In(z.loc).Zone()
	if z.unnamed.Load() || z.loc.String() == time.Local.String() {
		return []string{sqlOffset(seconds)}
	}
	return []string{z.loc.String(), sqlOffset(seconds)}
}

// set sets a session's zone behind another SET, in one statement.
func (z *sessionZone) set(
	ctx context.Context, set string, exec func(context.Context, string) error,
) error {
	var failed error
	for _, name := range z.names(time.Now()) {
		err := exec(ctx, set+"time_zone = '"+name+"'")
		var my *mysql.MySQLError
		if !errors.As(err, &my) || my.Number != mysqlNoZone {
			return err
		}
		failed = err
		if z.steady == "" {
			z.unnamed.Store(true)
		}
	}
	return failed
}
