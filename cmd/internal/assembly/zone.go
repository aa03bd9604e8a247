package assembly

import (
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

// Zone is the operator's, in which pages, commands and the API show times and read them:
// admin.time_zone, else the shop's. It asks nobody. The error is a *configs.Error.
func (a *Assembly) Zone() (*time.Location, error) {
	if a.cfg.Admin.TimeZone == "" {
		return shopZone(a.cfg), nil
	}
	zone, err := time.LoadLocation(a.cfg.Admin.TimeZone)
	if err != nil {
		return nil, &configs.Error{Problems: []configs.Problem{{Key: "admin.time_zone", Want: err.Error()}}}
	}
	return zone, nil
}

// shopZone is loc of mysql.dsn, UTC where there is none. An address that cannot be read is refused
// by whoever opens it.
func shopZone(cfg *configs.Config) *time.Location {
	if cfg.MySQL.DSN != "" {
		if zone, err := store.Zone(cfg.MySQL.DSN.Reveal()); err == nil {
			return zone
		}
	}
	return time.UTC
}
