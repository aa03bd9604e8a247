package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// NothingToMoveError: Douyin has less of the order's money in transit than the settlement asks for.
type NothingToMoveError struct {
	Unsettled, Asked store.Fen // Asked: the sum of the other receivers; 0 with all to the seller
}

func (e *NothingToMoveError) Error() string {
	if e.Unsettled == 0 {
		return "Douyin has nothing of this order left to settle"
	}
	return fmt.Sprintf("Douyin has %s yuan of this order left to settle, the receivers ask for %s", e.Unsettled, e.Asked)
}

// CorruptRowError: a column of an instruction is not what ordersync wrote there. No request can be made of it, now or later.
type CorruptRowError struct {
	Table, Column string
	Err           error
}

func (e *CorruptRowError) Error() string {
	return fmt.Sprintf("%s.%s is not as it was written down: %v", e.Table, e.Column, e.Err)
}

func (e *CorruptRowError) Unwrap() error { return e.Err }

// RefundOptions are the parameters of create_refund beside number, order, amount and reason, as ordersync_refund.options
// keeps them.
type RefundOptions struct {
	CPExtra    string `json:"cp_extra,omitempty"`
	NotifyURL  string `json:"notify_url,omitempty"`
	DisableMsg bool   `json:"disable_msg,omitempty"`
	MsgPage    string `json:"msg_page,omitempty"`
}

// SettleOptions are those of settle, as ordersync_settlement.options keeps them.
type SettleOptions struct {
	CPExtra   string `json:"cp_extra,omitempty"`
	NotifyURL string `json:"notify_url,omitempty"`
}

// EncodeOptions makes the text of an options column; "" where nothing is set.
func EncodeOptions[T comparable](o T) (string, error) {
	var none T
	if o == none {
		return "", nil
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("worker: options: %w", err)
	}
	return string(raw), nil
}

// decodeColumn reads the JSON of a column that may be empty. The error is a *CorruptRowError.
func decodeColumn(m store.Money, column, text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return &CorruptRowError{Table: "ordersync_" + string(m), Column: column, Err: err}
	}
	return nil
}

// Refunds is the Bank of refunds.
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

// Check has nothing to ask: the sum was checked when the refund was written down.
func (b Refunds) Check(_ context.Context, i store.Instruction) error {
	return decodeColumn(store.Refund, "options", i.Options, new(RefundOptions))
}

// Send asks for the refund.
func (b Refunds) Send(ctx context.Context, i store.Instruction) (string, douyin.Receipt, error) {
	var o RefundOptions
	if err := decodeColumn(store.Refund, "options", i.Options, &o); err != nil {
		return "", douyin.Receipt{}, err
	}
	return b.Sending.CreateRefund(ctx, douyin.Refund{
		OutOrderNo: i.OutOrderNo, OutRefundNo: i.Number, Amount: int64(i.Amount), Reason: i.Text,
		CPExtra: o.CPExtra, NotifyURL: o.NotifyURL, DisableMsg: o.DisableMsg, MsgPage: o.MsgPage,
	})
}

// Query asks how the refund stands.
func (b Refunds) Query(ctx context.Context, number string) (Standing, douyin.Receipt, error) {
	s, r, err := b.Douyin.QueryRefund(ctx, number)
	return Standing{Result: s.Status, PlatformNo: s.RefundNo, Amount: store.Fen(s.Amount), Message: s.Message}, r, err
}

// Settlements is the Bank of settlements.
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

// Check asks what is left in transit. What Douyin refuses to tell does not hold a settlement back: settle itself has the
// last word.
func (b Settlements) Check(ctx context.Context, i store.Instruction) error {
	_, asked, err := readSettlement(i)
	if err != nil {
		return err
	}
	left, _, err := b.Douyin.UnsettleAmount(ctx, i.OutOrderNo)
	var answer *douyin.Error
	switch {
	case errors.As(err, &answer) && (answer.Kind == douyin.Rejected || answer.Kind == douyin.Doubtful):
		return nil
	case err != nil:
		return err
	}
	if left.Amount <= 0 || asked > store.Fen(left.Amount) {
		return &NothingToMoveError{Unsettled: store.Fen(max(left.Amount, 0)), Asked: asked}
	}
	return nil
}

// readSettlement reads the columns that hold JSON; asked is the sum of the receivers. The error is a *CorruptRowError.
func readSettlement(i store.Instruction) (o SettleOptions, asked store.Fen, err error) {
	var receivers []douyin.Receiver
	if err := decodeColumn(store.Settlement, "options", i.Options, &o); err != nil {
		return o, 0, err
	}
	if err := decodeColumn(store.Settlement, "settle_params", i.Params, &receivers); err != nil {
		return o, 0, err
	}
	for _, r := range receivers {
		asked += store.Fen(r.Amount)
	}
	return o, asked, nil
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
func (b Settlements) Query(ctx context.Context, number string) (Standing, douyin.Receipt, error) {
	s, r, err := b.Douyin.QuerySettle(ctx, number)
	return Standing{Result: s.Status, PlatformNo: s.SettleNo, Amount: store.Fen(s.Amount), Message: s.Message}, r, err
}
