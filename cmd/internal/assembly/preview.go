package assembly

import (
	"context"
	"errors"

	"github.com/ordersync/ordersync/cmd/internal/preview"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

// Preview shows what Douyin would be told. It needs MySQL only. Where our tables are not there yet
// it reads the shop alone: nobody has been told anything then.
func (a *Assembly) Preview(ctx context.Context) (preview.Zoned, error) {
	st, err := a.Store()
	if err != nil {
		return preview.Zoned{}, err
	}
	var tables *store.TablesError
	if err := st.CheckTables(ctx); errors.As(err, &tables) {
		if st, err = a.shopAlone(); err != nil {
			return preview.Zoned{}, err
		}
	}
	build, err := builder(a.cfg)
	if err != nil {
		return preview.Zoned{}, err
	}
	words, err := fulfilWords(a.cfg.Douyin.Trade)
	if err != nil {
		return preview.Zoned{}, err
	}
	zone, err := a.Zone()
	if err != nil {
		return preview.Zoned{}, err
	}
	return preview.Zoned{
		Desk: preview.Desk{Shop: st, Build: build, Keep: &worker.Keeper{Words: words}, Unit: timeUnit(a.cfg.Douyin), Now: st.Clock}, Zone: zone,
	}, nil
}

// shopAlone is a store that reads the shop and nothing of ours.
func (a *Assembly) shopAlone() (*store.Store, error) {
	db, err := a.DB()
	if err != nil {
		return nil, err
	}
	cfg := storeConfig(a.cfg)
	cfg.ShopOnly = true
	st, err := store.New(db, cfg)
	if err != nil {
		return nil, err
	}
	a.onClose("store of the shop alone", func(context.Context) error { st.Close(); return nil })
	return st, nil
}
