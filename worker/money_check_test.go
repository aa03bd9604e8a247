package worker

import (
	"context"
	"testing"

	"github.com/ordersync/ordersync/store"
)

// The bug: two tasks of one settlement run side by side. The second one had read the row before the
// first one announced its request, asked Douyin what is left to settle after the first one's
// request had arrived, was told "nothing", and wrote down that the settlement had failed, while its
// money moved.
func TestNothingLeftIsNoFailureWhenAnotherTaskHasSentMeanwhile(t *testing.T) {
	row := newRefund()
	row.Money, row.Options = store.Settlement, ""
	for name, first := range map[string]*teller{
		"it is on its way":   {sends: []said{{err: cutOff}}},
		"it is accepted":     {sends: []said{{no: "D1"}}},
		"it has succeeded":   {sends: []said{{no: "D1"}}, queries: []said{success}},
		"it failed meantime": {sends: []said{{no: "D1"}}, queries: []said{failed}},
	} {
		t.Run(name, func(t *testing.T) {
			first.t = t
			b := newBooks(row)
			run := func(bank *teller) error {
				h := handler(b, bank)
				h.Money = store.Settlement
				return h.ProcessTask(context.Background(), settleTask(t, "R1"))
			}
			second := &teller{t: t, check: &NothingToMoveError{}, queries: []said{{err: unknown3101}}}
			second.during = func(call string) {
				if call != "check" {
					return
				}
				for range 1 + len(first.queries) {
					_ = run(first)
				}
			}
			if err := run(second); told(err) != "again in 2s" {
				t.Errorf("the second task: told %q", told(err))
			}
			if i := b.rows["R1"]; i.Kind == kindIncomplete || i.Alarm != "" || i.Attempts != 1 {
				t.Errorf("%s, %d requests", line(*i), i.Attempts)
			}
		})
	}
}
