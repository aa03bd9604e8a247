package assembly

import (
	"context"

	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// auditHandler takes the shop's word on refunds to Douyin. It needs no salt: trade signs no call. nil:
// nothing of trade is configured.
func (a *Assembly) auditHandler() (*worker.AuditHandler, error) {
	if !a.asksTrade() {
		return nil, nil
	}
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	client, err := a.Trade()
	if err != nil {
		return nil, err
	}
	ungated, err := a.UngatedTrade() // the handler passes the gate before it announces a word
	if err != nil {
		return nil, err
	}
	gate, err := a.Gate()
	if err != nil {
		return nil, err
	}
	queue, err := a.AsynqClient()
	if err != nil {
		return nil, err
	}
	return &worker.AuditHandler{
		Rows: st, Sending: ungated, Douyin: client, Gate: a.tracing().Gate(a.metrics.Gate(gate)),
		Sick: func() bool { return gate.State(trade.OpRefundAudit) != "closed" },
		Changed: func(ctx context.Context, orderID string) error {
			_, err := tasks.Enqueue(ctx, queue, tasks.PushOrder{OrderID: orderID, Cause: tasks.CauseRefund})
			return err
		},
		Decided: a.metrics.Audited, Grace: a.grace, Now: st.Clock, Log: a.log,
	}, nil
}
