package store_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// A filter lets a value, several values, NULL, and NULL beside values through, for one order as for the sweep.
func TestFilterByListsAndNULL(t *testing.T) {
	channels := map[string]any{"1": "douyin", "2": "toutiao", "3": "wechat", "4": nil, "5": "", "6": "douyin' OR 'a'='a"}
	for name, c := range map[string]struct {
		filter map[string]store.Values
		want   []string
	}{
		"a value":           {map[string]store.Values{"channel": {Texts: []string{"douyin"}}}, []string{"1"}},
		"a list":            {map[string]store.Values{"channel": {Texts: []string{"douyin", "toutiao"}}}, []string{"1", "2"}},
		"NULL":              {map[string]store.Values{"channel": {Null: true}}, []string{"4"}},
		"a list and NULL":   {map[string]store.Values{"channel": {Texts: []string{"toutiao", ""}, Null: true}}, []string{"2", "4", "5"}},
		"a quote":           {map[string]store.Values{"channel": {Texts: []string{"douyin' OR 'a'='a"}}}, []string{"6"}},
		"beside another":    {map[string]store.Values{"channel": {Texts: []string{"douyin"}, Null: true}, "uid": {Texts: []string{"4", "5"}}}, []string{"4"}},
		"a number as text":  {map[string]store.Values{"uid": {Texts: []string{"3"}}}, []string{"3"}},
		"values nobody has": {map[string]store.Values{"channel": {Texts: []string{"kuaishou", "qq"}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
				servertest.CreateShop(t, db)
				exec(t, db, "ALTER TABLE `order` ADD COLUMN channel VARCHAR(64) NULL")
				for id, channel := range channels {
					n, _ := strconv.Atoi(id)
					addOrder(t, db, n, t0)
					exec(t, db, "UPDATE `order` SET channel = ? WHERE id = ?", channel, id)
				}
				schema := store.DefaultSchema()
				schema.Filter = c.filter
				s := newStore(t, db, store.Config{Schema: schema})
				var found []string
				for id := range channels {
					switch _, err := s.LoadOrder(t.Context(), id); {
					case err == nil:
						found = append(found, id)
					case !errors.Is(err, store.ErrOrderNotFound):
						t.Errorf("order %s: %v", id, err)
					}
				}
				slices.Sort(found)
				if !slices.Equal(found, c.want) {
					t.Errorf("found %v, want %v", found, c.want)
				}
				page, err := s.ReadOrders(t.Context(), store.Scan{From: t0.Add(-time.Hour), To: t0.Add(time.Hour), Limit: 10})
				if err != nil || !slices.Equal(page.IDs, c.want) || page.Read != len(channels) {
					t.Errorf("the sweep finds %+v, %v; want %v", page, err, c.want)
				}
			})
		})
	}
}

func TestAFilterOfNothingIsRefused(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Filter = map[string]store.Values{"channel": {}}
	if err := schema.Validate(); err == nil {
		t.Error("a filter that lets nothing through was accepted")
	}
}
