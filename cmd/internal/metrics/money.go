package metrics

import (
	"context"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

// Answers counts the refunds and settlements that workers see end.
func (m *Metrics) Answers(a worker.Answers) worker.Answers { return counted{a, &m.events} }

type counted struct {
	worker.Answers
	events *events
}

// Finished counts each end once: changed is false for whoever comes second.
func (c counted) Finished(ctx context.Context, seen store.Instruction, r store.Result) (changed bool, err error) {
	changed, err = c.Answers.Finished(ctx, seen, r)
	if changed && err == nil {
		c.events.MoneyEnded(seen.Money, r.State)
	}
	return changed, err
}
