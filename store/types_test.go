package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
)

// The bug: MariaDB and MySQL print six digits of a FLOAT, so that 12345.67 yuan went to Douyin as 12345.7.
func TestMoneyInAFLOATIsExactOrRefused(t *testing.T) {
	for name, schema := range map[string]store.Schema{"names": store.DefaultSchema(), "selects": selects()} {
		t.Run(name, func(t *testing.T) {
			onMariaDB(t, schema, func(t *testing.T, s *store.Store, db *gorm.DB) {
				exec(t, db, "ALTER TABLE `order` MODIFY price FLOAT NOT NULL, MODIFY amount DOUBLE NOT NULL")
				for id, c := range []struct {
					price, amount string
					fen, total    store.Fen
					column        string // refused
				}{
					{"19.99", "19.99", 1999, 1999, ""},
					{"9999.99", "12345678.91", 999_999, 1_234_567_891, ""},
					{"12345.67", "0.1", 1_234_567, 10, ""},
					{"20000", "20000", 2_000_000, 2_000_000, ""},
					{"131071.99", "1", 13_107_199, 100, ""},
					{"131072", "1", 0, 0, "price"},
					{"1234567.89", "1", 0, 0, "price"},
					{"1", "12.345", 0, 0, "amount"},
					{"1", "99999999999999.99", 0, 0, "amount"},
				} {
					id++
					addOrder(t, db, id, t0)
					exec(t, db, "UPDATE `order` SET price = "+c.price+", amount = "+c.amount+" WHERE id = ?", id)
					got, err := s.LoadOrder(t.Context(), fmt.Sprint(id))
					if c.column == "" {
						if err != nil || got.Lines[0].Price != c.fen || got.Order.Amount != c.total {
							t.Errorf("%s and %s: %v and %v, %v", c.price, c.amount, got.Lines[0].Price, got.Order.Amount, err)
						}
						continue
					}
					var column *store.ColumnError
					if !errors.As(err, &column) || column.Column != c.column || column.Reason != cell.InexactMoney && column.Reason != cell.PartOfFen {
						t.Errorf("%s and %s: %v, want a refusal of %s", c.price, c.amount, err, c.column)
					}
				}
			})
		})
	}
}

// The bug: a BIT comes as bytes, so that status 1 was "\x01", which has no word.
func TestABITIsANumber(t *testing.T) {
	bits := selects()
	bits.SQL.Order = strings.Replace(bits.SQL.Order, "o.price", "o.price, o.pieces AS quantity", 1)
	lines := selects()
	lines.SQL.Items = "SELECT id AS order_id, 'A' AS title, 'https://img.example/1.png' AS image, pieces AS quantity, price FROM `order`"
	for name, schema := range map[string]store.Schema{"names": store.DefaultSchema(), "selects": bits, "lines": lines} {
		t.Run(name, func(t *testing.T) {
			onMariaDB(t, schema, func(t *testing.T, s *store.Store, db *gorm.DB) {
				exec(t, db, "ALTER TABLE `order` MODIFY id BIT(48) NOT NULL, MODIFY status BIT(4) NOT NULL, ADD pieces BIT(9) NOT NULL DEFAULT 1")
				for _, id := range []int{1, 258} {
					addOrder(t, db, id, t0)
				}
				exec(t, db, "UPDATE `order` SET status = 5, pieces = 300 WHERE id = 258")
				for id, want := range map[string]struct {
					status string
					pieces int64
				}{"1": {"1", 1}, "258": {"5", 300}} {
					if name == "names" {
						want.pieces = 1
					}
					got, err := s.LoadOrder(t.Context(), id)
					if err != nil || got.Order.ID != id || got.Order.Status != want.status || len(got.Lines) != 1 || got.Lines[0].Quantity != want.pieces {
						t.Errorf("order %s: %+v, %v", id, got, err)
					}
				}
				// The sweep goes on behind a key, marks, and finds its mark again.
				scan := store.Scan{From: t0.Add(-time.Hour), To: t0.Add(time.Hour), Limit: 1, Statuses: []string{"1", "5"}, DueAt: t0}
				var marked int
				for range 3 {
					page, err := s.MarkUnsynced(t.Context(), scan)
					if err != nil {
						t.Fatal(err)
					}
					marked += page.Marked
					scan.After = page.Next
				}
				for _, id := range []string{"1", "258"} {
					got, err := s.LoadOrder(t.Context(), id)
					if err != nil || got.State.OrderID != id || got.State.DueAt == nil {
						t.Errorf("order %s after the sweep, which marked %d: %+v, %v", id, marked, got.State, err)
					}
				}
			})
		})
	}
}
