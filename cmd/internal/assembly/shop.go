package assembly

import (
	"context"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

// Store is all the SQL, over DB. Closing it writes what waits to be written.
func (a *Assembly) Store() (*store.Store, error) {
	return a.store.get(func() (*store.Store, error) {
		db, err := a.DB()
		if err != nil {
			return nil, err
		}
		s, err := store.New(db, storeConfig(a.cfg))
		if err != nil {
			return nil, err
		}
		a.onClose("store", func(context.Context) error { s.Close(); return nil })
		return s, nil
	})
}

func storeConfig(cfg *configs.Config) store.Config {
	gather := cfg.Worker.Gather
	if gather == 0 {
		gather = -1 // 0 is the store's default
	}
	return store.Config{Schema: schema(cfg.Shop), LogBodies: store.LogBodies(cfg.Log.Bodies), Gather: gather}
}

func schema(shop configs.Shop) store.Schema {
	c := shop.Columns
	return store.Schema{
		Tables: store.Tables(shop.Tables),
		Columns: store.Columns{
			ID: c.ID, UserID: c.UserID, ProductID: c.ProductID, CourseID: c.CourseID, Price: c.Price, Amount: c.Amount,
			CreateTime: c.CreateTime, SN: c.SN, ThirdOrderNum: c.ThirdOrderNum, Status: c.Status, OrderNo: c.OrderNo,
			UpdatedAt: c.UpdatedAt, User: c.User, Product: c.Product, Course: c.Course,
		},
		Filter: shop.Filter, Time: store.TimeFormat(shop.Time), Money: store.MoneyUnit(shop.Money),
	}
}
