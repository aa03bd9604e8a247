package assembly

import "github.com/ordersync/ordersync/cmd/internal/glance"

// Glance reads how the whole system is. It needs MySQL and Redis; without Douyin's app id and
// secret it does not know how long the token serves.
func (a *Assembly) Glance() (*glance.Reader, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	rdb, err := a.Redis()
	if err != nil {
		return nil, err
	}
	inspector, err := a.Inspector()
	if err != nil {
		return nil, err
	}
	r := &glance.Reader{Store: st, Redis: rdb, Inspector: inspector}
	if a.cfg.Require("douyin.app_id", "douyin.secret") == nil {
		if r.Token, err = a.Tokens(); err != nil {
			return nil, err
		}
		r.Rate = a.pushRate
	}
	return r, nil
}
