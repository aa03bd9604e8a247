package desk

import (
	"cmp"
	"context"
	"errors"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// OutcomeUnknown is the outcome of an order that the shop has and that nobody ever asked to push.
const OutcomeUnknown = "unknown"

// ErrNoOrder: neither the shop nor ordersync has the order.
var ErrNoOrder = errors.New("desk: neither the shop nor ordersync has the order")

// Order is what is known of one order, as deep as it was read.
type Order struct {
	ID    string // the shop's key
	State store.OrderState
	Asked bool // a push was ever asked for; else State is the zero value

	Shop     store.OrderSnapshot
	InShop   bool   // the shop was looked at, and has the order
	Unusable string // why the shop's row cannot be pushed; empty: nothing keeps it

	Refunds, Settlements []store.Instruction // oldest first

	Payment store.Payment // of whatever state; where it was not looked for, or there is none, the zero value
	Paid    bool          // Payment was made: it is PaymentSuccess

	Calls     []store.LogRow       // newest first
	Callbacks []store.CallbackRow  // oldest first
	PutAside  []store.BadOutboxRow // newest first
}

// Depth is how much of an order is read. The zero value: our own row, the refunds and the
// settlements, and the shop's row where there is none of ours.
type Depth struct {
	Calls     int // rows of the log; 0: none
	Callbacks int // 0: none
	PutAside  int // rows of the outbox that nobody can carry out; 0: none
	Payment   bool
	// Shop reads the shop's row in any case, and the payment.
	Shop bool
}

// Order reads an order. ErrNoOrder: there is none. A row of the shop that cannot be used is no
// error: see Unusable.
func (l Lookup) Order(ctx context.Context, id string, depth Depth) (o Order, err error) {
	o.ID = id
	if o.State, o.Asked, err = l.Store.Order(ctx, id); err != nil {
		return o, err
	}
	if depth.Shop || !o.Asked || o.State.System == "" && l.Store.TradeOn() {
		if err := o.readShop(ctx, l.Store); err != nil {
			return o, err
		}
	}
	if o.Refunds, err = l.Store.Instructions(ctx, store.Refund, id); err != nil {
		return o, err
	}
	if o.Settlements, err = l.Store.Instructions(ctx, store.Settlement, id); err != nil {
		return o, err
	}
	if no := o.OrderNo(); (depth.Shop || depth.Payment) && no != "" {
		if o.Payment, err = l.payment(ctx, no); err != nil {
			return o, err
		}
		o.Paid = o.Payment.State == store.PaymentSuccess
	}
	return o, o.readPast(ctx, l.Store, depth)
}

// readShop looks for the order in the shop's own tables.
func (o *Order) readShop(ctx context.Context, st *store.Store) (err error) {
	o.Shop, err = st.LoadOrder(ctx, o.ID)
	var column *store.ColumnError
	switch {
	case err == nil:
		o.InShop = true
	case errors.As(err, &column): // it is there, and this is what a push would say of it
		o.InShop, o.Unusable = true, column.Error()
	case !errors.Is(err, store.ErrOrderNotFound):
		return err
	case !o.Asked:
		return ErrNoOrder
	}
	return nil
}

// readPast reads what happened to the order.
func (o *Order) readPast(ctx context.Context, st *store.Store, depth Depth) (err error) {
	if depth.Calls > 0 {
		if o.Calls, err = st.Log(ctx, o.ID, depth.Calls); err != nil {
			return err
		}
	}
	if depth.Callbacks > 0 {
		if o.Callbacks, err = st.Callbacks(ctx, o.OrderNo(), numbers(o.Refunds), numbers(o.Settlements), depth.Callbacks); err != nil {
			return err
		}
	}
	if depth.PutAside > 0 {
		o.PutAside, err = st.BadOutboxRowsOf(ctx, o.ID, depth.PutAside)
	}
	return err
}

// OrderNo is what Douyin gets as order_id: the shop's word where the shop was looked at, else ours.
func (o *Order) OrderNo() string {
	if o.InShop {
		return o.Shop.Order.OrderNo
	}
	return o.State.OrderNo
}

// System is the one that the order belongs to, as its row has it, or as it would be decided now.
func (o *Order) System() store.System { return cmp.Or(o.State.System, o.Shop.System, store.Ecpay) }

// Outcome is that of the newest attempt, or OutcomeUnknown.
func (o *Order) Outcome() string {
	if !o.Asked {
		return OutcomeUnknown
	}
	return string(o.State.Outcome)
}

// Told is the state of the order in Douyin's order centre. told is false while nobody knows it.
func (o *Order) Told() (status douyin.OrderStatus, told bool) {
	s, told := o.State.Told()
	return douyin.OrderStatus(s), told
}

func numbers(all []store.Instruction) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = all[i].Number
	}
	return out
}
