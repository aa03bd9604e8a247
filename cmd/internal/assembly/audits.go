package assembly

import (
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// auditHandler takes the shop's word on refunds to Douyin. It needs no salt: trade signs no call.
// nil: nothing of trade is configured.
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
	changed, err := a.pushAgain(tasks.CauseRefund)
	if err != nil {
		return nil, err
	}
	return &worker.AuditHandler{
		Rows: st, Sending: ungated, Douyin: client, Gate: a.watchedGate(gate), Sick: sick(gate, trade.OpRefundAudit),
		Changed: changed, Decided: a.metrics.Audited, Grace: a.grace, Now: st.Clock, Log: a.log,
	}, nil
}
