package worker

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
)

// tradeWire is wire behind the bank of trade: the vault as Douyin's second system tells of it. A
// number that it has already is an error there, and what nobody knows may be an empty list.
type tradeWire struct{ wire }

var exists22004 = &douyin.Error{Op: trade.OpRefundCreate, Kind: douyin.Doubtful, HTTPStatus: 200, Code: 22004, Err: trade.ErrExists}

func (w tradeWire) CreateRefund(ctx context.Context, f trade.Refund) (string, douyin.Receipt, error) {
	i := store.Instruction{
		Money: store.Refund, Number: f.OutRefundNo, OutOrderNo: f.OrderID, Amount: store.Fen(f.Amount), Text: f.Reasons[0].Text,
		Params: fmt.Sprint(f.Items, f.All, f.Page, f.Currency, f.CPExtra),
	}
	r := w.vault.records[i.Number]
	no, receipt, err := w.wire.Send(ctx, i)
	if err == nil && r != nil && !r.dead {
		return "", receipt, exists22004
	}
	return no, receipt, err
}

func (w tradeWire) QueryRefunds(ctx context.Context, no, id, order string) ([]trade.RefundState, douyin.Receipt, error) {
	if no == "" || id+order != "" {
		w.t.Errorf("asked for %q, %q, %q", no, id, order)
	}
	s, receipt, err := w.wire.Query(ctx, store.Instruction{Number: no})
	if errors.Is(err, douyin.ErrNotFound) && w.vault.rng.IntN(2) == 0 {
		return nil, receipt, nil
	}
	if err != nil {
		return nil, receipt, err
	}
	return []trade.RefundState{{OrderID: "motb1", OutRefundNo: no, RefundID: s.PlatformNo, Status: trade.Result(s.Result), Amount: int64(s.Amount), Source: sourceShop}}, receipt, nil
}

func (w tradeWire) QueryOrder(context.Context, string, string) (trade.PaymentState, douyin.Receipt, error) {
	return trade.PaymentState{}, douyin.Receipt{}, cutOff
}

// AnyPayment is a payment whose items are others each time: only what was fixed is ever repeated.
func (w tradeWire) AnyPayment(context.Context, string) (store.Payment, bool, error) {
	first := store.Fen(1 + w.vault.rng.Int64N(699))
	return store.Payment{
		State: store.PaymentSuccess, DouyinOrderID: "motb1", Total: 1230,
		Items: []store.PaymentItem{{ItemOrderID: "a", Amount: first}, {ItemOrderID: "b", Amount: 1230 - first}},
	}, true, nil
}

func (w tradeWire) HearTradePayment(context.Context, store.TradePayment) (store.Accepted, error) {
	return store.Accepted{}, nil
}

func (w tradeWire) HearTradeRefund(context.Context, store.TradeRefund) (store.Accepted, error) {
	return store.Accepted{}, nil
}

func (w tradeWire) Instructions(context.Context, store.Money, string) ([]store.Instruction, error) {
	return nil, nil
}

// tradeBranch carries the refunds of a world out over trade.
func tradeBranch(w wire) map[store.System]Branch {
	t := tradeWire{w}
	bank := TradeRefunds{Rows: t, Sending: t, Douyin: t, Page: Page{Path: "p"}, Now: func() time.Time { return w.now }}
	return map[store.System]Branch{store.Trade: {Bank: bank, Ops: TradeRefundOps(), TooEarly: busyWait}}
}

// The twin of TestMoneyMovesOnceAndRowsAgreeWithDouyin: refunds of trade.
func TestMoneyOfTradeMovesOnceAndRowsAgreeWithDouyin(t *testing.T) {
	from, to := seeds(t, 500)
	for seed := from; seed <= to; seed++ {
		b := newBooks()
		for n := range instructionsOfAWorld {
			i := ours()
			i.Number = fmt.Sprintf("N%d", n+1)
			b.rows[i.Number] = &i
		}
		if historyOver(t, seed, store.Refund, b, tradeBranch); t.Failed() {
			return
		}
	}
}

// tradeStore is the real store, whose callbacks are of trade.
type tradeStore struct{ sqlStore }

func (s tradeStore) callback(ctx context.Context, _ store.Money, number string, r store.Result) error {
	_, err := s.HearTradeRefund(ctx, store.TradeRefund{
		Number: number, RefundID: r.PlatformNo, Origin: store.OriginOurs, State: r.State, Amount: r.Amount, Message: r.Message, At: r.At,
	})
	return err
}

// The same with the real store.
func TestMoneyOfTradeMovesOnceWithTheRealStore(t *testing.T) {
	for seed := range uint64(4) {
		s, db := realStoreAndDB(t, store.Refund)
		if err := db.Exec("UPDATE ordersync_refund SET `system` = 'trade'").Error; err != nil {
			t.Fatal(err)
		}
		if historyOver(t, 3000+seed, store.Refund, tradeStore{s}, tradeBranch); t.Failed() {
			return
		}
	}
}
