package worker

import (
	"context"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
)

// TradeSettlements is the Bank of settlements of trade, and asks about those that Douyin has made by
// itself.
type TradeSettlements struct {
	Rows TradeRows
	// Sending is as for Refunds.
	Sending interface {
		Settle(ctx context.Context, s trade.Settlement) (settleID string, r douyin.Receipt, err error)
	}
	Douyin interface {
		QuerySettles(ctx context.Context, k trade.SettleKey) ([]trade.SettleState, douyin.Receipt, error)
	}
}

// TradeSettlementOps are the names of its calls.
func TradeSettlementOps() Ops {
	return Ops{Send: trade.OpSettleCreate, Query: trade.OpSettleQuery}
}

// Prepare has nothing to ask: no call tells what is left in transit. Where Douyin has settled the
// order by itself nothing is.
func (b TradeSettlements) Prepare(ctx context.Context, i store.Instruction) (store.Instruction, error) {
	if _, _, err := readSettlement(i); err != nil {
		return i, err
	}
	all, err := b.Rows.Instructions(ctx, store.Settlement, i.OrderID)
	if err != nil {
		return i, err
	}
	for _, other := range all {
		if other.Origin == store.OriginAuto && other.State != store.MoneyFailed && other.OutOrderNo == i.OutOrderNo {
			return i, &NothingToMoveError{Why: "Douyin has settled the order by itself: " + other.Number}
		}
	}
	return i, nil
}

// Send asks for the settlement.
func (b TradeSettlements) Send(ctx context.Context, i store.Instruction) (string, douyin.Receipt, error) {
	o, _, err := readSettlement(i)
	if err != nil {
		return "", douyin.Receipt{}, err
	}
	receivers, err := i.Receivers()
	if err != nil {
		return "", douyin.Receipt{}, err
	}
	s := trade.Settlement{
		OutOrderNo: i.OutOrderNo, OutSettleNo: i.Number, Desc: i.Text, ItemOrderID: i.ItemOrderID, Ext: o.CPExtra, NotifyURL: o.NotifyURL,
	}
	for _, r := range receivers {
		s.Receivers = append(s.Receivers, douyin.Receiver{MerchantUID: r.MerchantUID, Amount: int64(r.Amount)})
	}
	return b.Sending.Settle(ctx, s)
}

// Query asks how the settlement stands: by the shop's number, or by Douyin's where Douyin has made
// it by itself.
func (b TradeSettlements) Query(ctx context.Context, i store.Instruction) (Standing, douyin.Receipt, error) {
	key := trade.SettleKey{OutSettleNo: i.Number}
	if i.Origin == store.OriginAuto {
		key = trade.SettleKey{SettleID: i.PlatformNo}
	}
	states, receipt, err := b.Douyin.QuerySettles(ctx, key)
	switch {
	case err != nil:
		return Standing{}, receipt, err
	case len(states) == 0:
		return Standing{}, receipt, unheardOf(trade.OpSettleQuery, receipt)
	}
	s := states[0]
	if s.OutOrderNo != "" && s.OutOrderNo != i.OutOrderNo && i.Origin != store.OriginAuto {
		return Standing{Result: douyin.ResultFail, Message: ofAnother + s.OutOrderNo}, receipt, nil
	}
	return Standing{Result: tradeResult(s.Status), PlatformNo: s.SettleID, Amount: store.Fen(s.Amount), Message: s.Detail}, receipt, nil
}
