package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// NothingToMoveError: what the instruction asks for will never move. Douyin has less of the order's
// money in transit than a settlement asks for, or it is as Why says: the order was never paid, or
// Douyin has settled it by itself.
type NothingToMoveError struct {
	Unsettled, Asked store.Fen // Asked: the sum of the other receivers; 0 with all to the seller
	Why              string    // instead, in words; empty: by the amounts
}

func (e *NothingToMoveError) Error() string {
	if e.Why != "" {
		return e.Why
	}
	if e.Unsettled == 0 {
		return "Douyin has nothing of this order left to settle"
	}
	return fmt.Sprintf("Douyin has %s yuan of this order left to settle, the receivers ask for %s", e.Unsettled, e.Asked)
}

// WaitError: an instruction cannot be sent yet. Nothing of it was sent now.
type WaitError struct {
	Why string        // in words, for a person
	For time.Duration // how long to wait; above 0
}

func (e *WaitError) Error() string { return e.Why }

// CorruptRowError is the store's. It ends an instruction: no request can be made of its row.
type CorruptRowError = store.CorruptRowError

// Refunds is the Bank of refunds of ecpay.
type Refunds struct {
	// Sending makes the request that moves money. It passes no gate: MoneyHandler has passed it
	// before the announcement.
	Sending interface {
		CreateRefund(ctx context.Context, f douyin.Refund) (refundNo string, r douyin.Receipt, err error)
	}
	Douyin interface {
		QueryRefund(ctx context.Context, outRefundNo string) (douyin.RefundState, douyin.Receipt, error)
	}
}

// RefundOps are the names of its calls.
func RefundOps() Ops { return Ops{Send: douyin.OpRefundCreate, Query: douyin.OpRefundQuery} }

// Prepare has nothing to ask: the sum was checked when the refund was written down.
func (b Refunds) Prepare(_ context.Context, i store.Instruction) (store.Instruction, error) {
	_, err := readRefund(i)
	return i, err
}

// readRefund reads the column that holds JSON. The error is a *CorruptRowError.
func readRefund(i store.Instruction) (store.RefundOptions, error) {
	o, err := i.RefundOptions()
	if err == nil {
		err = i.Intact()
	}
	return o, err
}

// Send asks for the refund.
func (b Refunds) Send(ctx context.Context, i store.Instruction) (string, douyin.Receipt, error) {
	o, err := readRefund(i)
	if err != nil {
		return "", douyin.Receipt{}, err
	}
	return b.Sending.CreateRefund(ctx, douyin.Refund{
		OutOrderNo: i.OutOrderNo, OutRefundNo: i.Number, Amount: int64(i.Amount), Reason: i.Text,
		CPExtra: o.CPExtra, NotifyURL: o.NotifyURL, DisableMsg: o.DisableMsg, MsgPage: o.MsgPage,
	})
}

// Query asks how the refund stands.
func (b Refunds) Query(ctx context.Context, i store.Instruction) (Standing, douyin.Receipt, error) {
	s, r, err := b.Douyin.QueryRefund(ctx, i.Number)
	return Standing{Result: s.Status, PlatformNo: s.RefundNo, Amount: store.Fen(s.Amount), Message: s.Message}, r, err
}

// Settlements is the Bank of settlements of ecpay.
type Settlements struct {
	// Sending is as for Refunds.
	Sending interface {
		Settle(ctx context.Context, s douyin.Settlement) (settleNo string, r douyin.Receipt, err error)
	}
	Douyin interface {
		UnsettleAmount(ctx context.Context, outOrderNo string) (douyin.Unsettled, douyin.Receipt, error)
		QuerySettle(ctx context.Context, outSettleNo string) (douyin.SettleState, douyin.Receipt, error)
	}
}

// SettlementOps are the names of its calls.
func SettlementOps() Ops {
	return Ops{Prepare: douyin.OpSettleUnsettled, Send: douyin.OpSettleCreate, Query: douyin.OpSettleQuery}
}

// Prepare asks what is left in transit. What Douyin refuses to tell does not hold a settlement back:
// settle itself has the last word.
func (b Settlements) Prepare(ctx context.Context, i store.Instruction) (store.Instruction, error) {
	_, asked, err := readSettlement(i)
	if err != nil {
		return i, err
	}
	left, _, err := b.Douyin.UnsettleAmount(ctx, i.OutOrderNo)
	var failure *douyin.Error
	switch {
	case errors.As(err, &failure) && (failure.Kind == douyin.Rejected || failure.Kind == douyin.Doubtful):
		return i, nil
	case err != nil:
		return i, err
	}
	if left.Amount <= 0 || asked > store.Fen(left.Amount) {
		return i, &NothingToMoveError{Unsettled: store.Fen(max(left.Amount, 0)), Asked: asked}
	}
	return i, nil
}

// readSettlement reads the columns that hold JSON; asked is the sum of the receivers. The error is
// a *CorruptRowError.
func readSettlement(i store.Instruction) (o store.SettleOptions, asked store.Fen, err error) {
	if o, err = i.SettleOptions(); err != nil {
		return o, 0, err
	}
	receivers, err := i.Receivers()
	if err != nil {
		return o, 0, err
	}
	for _, r := range receivers {
		asked += r.Amount
	}
	return o, asked, i.Intact()
}

// Send asks for the settlement. settle_params travels as the text that was written down.
func (b Settlements) Send(ctx context.Context, i store.Instruction) (string, douyin.Receipt, error) {
	o, _, err := readSettlement(i)
	if err != nil {
		return "", douyin.Receipt{}, err
	}
	return b.Sending.Settle(ctx, douyin.Settlement{
		OutOrderNo: i.OutOrderNo, OutSettleNo: i.Number, Desc: i.Text, Params: i.Params, Finish: i.Finish, CPExtra: o.CPExtra, NotifyURL: o.NotifyURL,
	})
}

// Query asks how the settlement stands.
func (b Settlements) Query(ctx context.Context, i store.Instruction) (Standing, douyin.Receipt, error) {
	s, r, err := b.Douyin.QuerySettle(ctx, i.Number)
	return Standing{Result: s.Status, PlatformNo: s.SettleNo, Amount: store.Fen(s.Amount), Message: s.Message}, r, err
}
