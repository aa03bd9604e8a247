package assembly

import (
	"context"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// moneyHandlers are the workers' handlers of refunds and settlements. Without a salt nothing can be signed: then there are none,
// and the instructions wait.
func (a *Assembly) moneyHandlers(h *worker.Handlers) error {
	if a.cfg.Douyin.Salt == "" {
		a.log.Warn().Msg("douyin.salt is not set: refunds and settlements are not carried out")
		return nil
	}
	st, err := a.Store()
	if err != nil {
		return err
	}
	client, err := a.Douyin()
	if err != nil {
		return err
	}
	ungated, err := a.UngatedDouyin() // the handlers pass the gate before they announce a request
	if err != nil {
		return err
	}
	gate, err := a.Gate()
	if err != nil {
		return err
	}
	queue, err := a.AsynqClient()
	if err != nil {
		return err
	}
	changed := func(ctx context.Context, orderID string) error {
		_, err := tasks.Enqueue(ctx, queue, tasks.PushOrder{OrderID: orderID, Cause: tasks.CauseRefund})
		return err
	}
	traces := a.tracing()
	rows, answers := traces.Instructions(st), traces.Answers(a.metrics.Answers(st))
	move := func(m store.Money, bank worker.Bank) *worker.MoneyHandler {
		return &worker.MoneyHandler{
			Money: m, Rows: rows, Answers: answers, Bank: traces.Bank(m, bank), Gate: traces.Gate(a.metrics.Gate(gate)), Sick: func() bool { return gate.State(douyin.OpRefundCreate) != "closed" },
			Polls: a.polls, Grace: a.grace, Now: st.Clock, Log: a.log,
		}
	}
	refund := move(store.Refund, worker.Refunds{Sending: ungated, Douyin: client})
	refund.Changed = changed
	h.Refund, h.Settle = refund, move(store.Settlement, worker.Settlements{Sending: ungated, Douyin: client})
	return nil
}
