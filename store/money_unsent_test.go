package store_test

import (
	"errors"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// A worker that found nothing to send may say so only as long as no other worker has sent.
func TestWhatWasAnnouncedDoesNotEndAsUnsent(t *testing.T) {
	unsent := store.Result{State: store.MoneyFailed, Unsent: true, Answer: store.Answer{At: t0, Kind: "incomplete"}}
	onOrder(t, func(t *testing.T, s *store.Store, _ *gorm.DB) {
		seen := refund(t, s, "R1", 700)
		if _, err := s.MarkSending(t.Context(), seen, t0, t0); err != nil {
			t.Fatal(err)
		}
		for _, end := range []store.MoneyState{store.MoneyNew, store.MoneySucceeded} {
			if end.Final() {
				finish(t, s, store.Refund, "R1", end)
			}
			changed, err := s.Finished(t.Context(), store.Refund, "R1", unsent)
			if i := instruction(t, s, store.Refund, "R1"); changed || !errors.Is(err, store.ErrSuperseded) || i.State != end || i.Alarm != "" {
				t.Errorf("announced, %s: changed %v, %v, %s with alarm %q", end, changed, err, i.State, i.Alarm)
			}
		}
		refund(t, s, "R2", 100)
		if changed, err := s.Finished(t.Context(), store.Refund, "R2", unsent); err != nil || !changed {
			t.Errorf("never announced: changed %v, %v", changed, err)
		}
	})
}
