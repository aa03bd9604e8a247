package store_test

import (
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// The bug: of a thousand refunds that a wrong salt held up the pages named the ten that had been
// sent before the breaker opened.
func TestWhatIsHeldBackBehindARefusedConfigurationCounts(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, db *gorm.DB) {
		n := 0
		add := func(m store.Money, kind string, code int, created time.Time) {
			n++
			addOrder(t, db, n, t0)
			var i store.Instruction
			var err error
			if number := fmt.Sprint("N", n); m == store.Refund {
				i, _, err = s.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: fmt.Sprint(n), Amount: 1, Reason: "退", DueAt: t0})
				exec(t, db, "UPDATE ordersync_refund SET created_at = ? WHERE out_refund_no = ?", text(created), number)
			} else {
				i, _, err = s.CreateSettlement(t.Context(), store.NewSettlement{Number: number, OrderID: fmt.Sprint(n), Desc: "分账", DueAt: t0})
				exec(t, db, "UPDATE ordersync_settlement SET created_at = ? WHERE out_settle_no = ?", text(created), number)
			}
			if err == nil && kind != "" {
				_, err = s.Postpone(t.Context(), i, store.Answer{At: t0, Kind: kind, Code: code, Message: kind, DueAt: &t0later})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		check := func(want ...store.HeldMoney) {
			t.Helper()
			held, err := s.HeldMoney(t.Context())
			if err != nil || fmt.Sprint(held) != fmt.Sprint(want) && len(held)+len(want) > 0 {
				t.Errorf("%+v, %v; want %+v", held, err, want)
			}
		}
		old := t0.Add(-time.Hour)
		add(store.Refund, "paused", 0, old)
		add(store.Refund, "paused", 0, t0)
		add(store.Settlement, "paused", 0, t0)
		add(store.Refund, "", 0, t0)
		add(store.Refund, "unavailable", 1000, t0)
		check() // Douyin is down
		add(store.Refund, "unauthorized", 2008, t0)
		check(store.HeldMoney{Money: store.Refund, Code: 2008, Message: "unauthorized", Backlog: store.Backlog{Count: 3, Oldest: old}},
			store.HeldMoney{Money: store.Settlement, Code: 2008, Message: "unauthorized", Backlog: store.Backlog{Count: 1, Oldest: t0}})
	})
}
