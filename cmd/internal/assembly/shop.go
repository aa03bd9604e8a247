package assembly

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

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
		cfg := storeConfig(a.cfg)
		cfg.OnSkew = a.clocksDiffer
		s, err := store.New(db, cfg)
		if err != nil {
			return nil, err
		}
		a.metrics.WatchSkew(s.LastSkew)
		a.onClose("store", func(context.Context) error { s.Close(); return nil })
		return s, nil
	})
}

// clocksDiffer says that the process and the database do not agree about the time, and that they do
// again.
func (a *Assembly) clocksDiffer(ahead time.Duration) {
	line, said := a.log.Info(), "clock: agrees with the database's again"
	if ahead.Abs() > store.MostSkew {
		line, said = a.log.Warn(), "clock: differs from the database's, which is the one that counts between processes"
	}
	line.Dur("ahead", ahead).Msg(said)
}

// byTheClock compares the clocks before each tick of a job that goes by st.Clock.
func byTheClock(st *store.Store, tick func(context.Context) (bool, error)) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		if _, err := st.Skew(ctx); err != nil {
			return false, err
		}
		return tick(ctx)
	}
}

func storeConfig(cfg *configs.Config) store.Config {
	gather := cfg.Worker.Gather
	if gather == 0 {
		gather = -1 // 0 is the store's default
	}
	return store.Config{Schema: schema(cfg.Shop), LogBodies: store.LogBodies(cfg.Log.Bodies), Gather: gather, Trade: tradeOrders(cfg)}
}

func schema(shop configs.Shop) store.Schema {
	c := shop.Columns
	return store.Schema{
		SQL:    store.ShopSQL(shop.SQL),
		Tables: store.Tables(shop.Tables),
		Columns: store.Columns{
			ID: c.ID, UserID: c.UserID, ProductID: c.ProductID, CourseID: c.CourseID, Price: c.Price, Amount: c.Amount,
			CreateTime: c.CreateTime, SN: c.SN, ThirdOrderNum: c.ThirdOrderNum, Status: c.Status, OrderNo: c.OrderNo,
			UpdatedAt: c.UpdatedAt, User: c.User, Product: c.Product, Course: c.Course,
		},
		Filter: filterOf(shop.Filter), Trade: filterOf(shop.Trade), Time: store.TimeFormat(shop.Time), Money: store.MoneyUnit(shop.Money),
	}
}

func filterOf(filter map[string]configs.Values) map[string]store.Values {
	if filter == nil {
		return nil
	}
	out := make(map[string]store.Values, len(filter))
	for column, values := range filter {
		out[column] = store.Values(values)
	}
	return out
}

// ShopTexts checks the texts of shop.sql, as far as that can be done without a database. It is for
// configs.Load.
func ShopTexts(cfg *configs.Config) []configs.Problem {
	var text *store.TextError
	if errors.As(schema(cfg.Shop).Validate(), &text) {
		return []configs.Problem{{Key: text.Key, Want: text.Reason}}
	}
	return nil
}

// shopWords are Douyin's words by the shop's values. A SELECT may answer the words themselves.
func shopWords(shop configs.Shop) map[string]string {
	if shop.SQL.Order == "" {
		return shop.Status
	}
	words := make(map[string]string, len(shop.Status))
	for _, word := range configs.StatusWords() {
		words[word] = word
	}
	maps.Copy(words, shop.Status)
	return words
}

// shopStatuses are the shop's values that have a word; nil where there is no status column.
func shopStatuses(shop configs.Shop) []string {
	if shop.SQL.Order == "" && shop.Columns.Status == "" {
		return nil
	}
	return slices.Sorted(maps.Keys(shopWords(shop)))
}

// StatusWords are Douyin's words by the shop's status values; nil: the shop has no status.
func (a *Assembly) StatusWords() map[string]string {
	if shopStatuses(a.cfg.Shop) == nil {
		return nil
	}
	return shopWords(a.cfg.Shop)
}
