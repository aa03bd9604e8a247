package store_test

import (
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// A refund that the shop agreed to and that failed was agreed to all the same: a callback that
// overtakes the end of the word says nothing else.
func TestAWordStandsWhereTheRefundFails(t *testing.T) {
	on(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		for word, want := range map[store.AuditWord]store.AuditState{store.Agree: store.AuditAgreed, store.Deny: store.AuditDenied} {
			id := "9" + string(word)
			words := ""
			if word == store.Deny {
				words = "课程已经看完"
			}
			c := tradeAsked(id, 400, true)
			acceptTrade(t, s, c)
			if _, _, err := s.SayAudit(t.Context(), "DY"+id, word, "test", words); err != nil {
				t.Fatal(err)
			}
			acceptTrade(t, s, tradeRefunded(id, "FAIL", 400))
			if i := instruction(t, s, store.Refund, "DY"+id); i.State != store.MoneyFailed || i.Audit.State != want {
				t.Errorf("%s: %s, audit %s", word, i.State, i.Audit.State)
			}
		}
	})
}
