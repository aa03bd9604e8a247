package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/store"
)

// orderOf is the key of the order that a person has named by its key or by a number of it. Where it
// was a number, stderr says for what it was taken.
func (p *process) orderOf(ctx context.Context, a *assembly.Assembly, given string) (id string, err error) {
	orders, err := a.Lookup()
	if err != nil {
		return "", err
	}
	id, what, err := orders.Find(ctx, given)
	switch {
	case errors.Is(err, desk.ErrNoOrder):
		return "", fmt.Errorf("order %q: neither the shop nor ordersync has it", given)
	case err != nil:
		return "", err
	case what != store.MatchOrder:
		fmt.Fprintln(p.errOut, p.lang.T("%s is taken for %s of order %s", given, p.lang.T(numberName[what]), id))
	}
	return id, nil
}

// shopOrderOf is orderOf for what makes sense only where the shop has the order: a push of another
// one would leave a row behind that nothing ever clears.
func (p *process) shopOrderOf(ctx context.Context, a *assembly.Assembly, given string) (id string, err error) {
	if id, err = p.orderOf(ctx, a, given); err != nil {
		return "", err
	}
	st, err := a.Store()
	if err != nil {
		return "", err
	}
	_, err = st.LoadOrder(ctx, id)
	var column *store.ColumnError
	switch {
	case errors.Is(err, store.ErrOrderNotFound):
		return "", fmt.Errorf("order %q: the shop does not have it: it was deleted, or shop.filter leaves it out", id)
	case errors.As(err, &column): // it is there, and the push says what is wrong with it
		return id, nil
	}
	return id, err
}

// numberName is what a number is of an order, beside its key.
var numberName = map[store.MatchKind]string{
	store.MatchOrderNo: "the order_id at Douyin", store.MatchRefund: "an out_refund_no", store.MatchSettlement: "an out_settle_no",
	store.MatchDouyinOrder: "Douyin's number of the payment", store.MatchDouyinRefund: "Douyin's number of a refund",
	store.MatchDouyinSettlement: "Douyin's number of a settlement",
}
