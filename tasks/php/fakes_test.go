package php_test

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

type noTokens struct{}

func (noTokens) Token(context.Context) (string, error)    { return "", nil }
func (noTokens) Invalidate(context.Context, string) error { return nil }

// book stands for the store: it writes instructions down and knows every order but 404.
type book struct {
	mu      sync.Mutex
	refunds map[string]tasks.RefundRequest
	settles map[string]tasks.SettleRequest
}

func (b *book) OrderStatus(_ context.Context, id string) (gateway.OrderStatus, bool, error) {
	return gateway.OrderStatus{OrderID: id, Outcome: "pending"}, id != "404", nil
}

func (b *book) Refund(ctx context.Context, r tasks.RefundRequest) (gateway.RefundStatus, bool, error) {
	b.mu.Lock()
	old, stood := b.refunds[r.OutRefundNo]
	if !stood {
		b.refunds[r.OutRefundNo] = r
	}
	b.mu.Unlock()
	if stood && old != r {
		return gateway.RefundStatus{}, false, gateway.ErrConflict
	}
	status, _, err := b.RefundStatus(ctx, r.OutRefundNo)
	return status, !stood, err
}

func (b *book) Settle(ctx context.Context, s tasks.SettleRequest) (gateway.SettlementStatus, bool, error) {
	b.mu.Lock()
	old, stood := b.settles[s.OutSettleNo]
	if !stood {
		b.settles[s.OutSettleNo] = s
	}
	b.mu.Unlock()
	if stood && !reflect.DeepEqual(old, s) {
		return gateway.SettlementStatus{}, false, gateway.ErrConflict
	}
	status, _, err := b.SettlementStatus(ctx, s.OutSettleNo)
	return status, !stood, err
}

func (b *book) RefundStatus(_ context.Context, no string) (gateway.RefundStatus, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, found := b.refunds[no]
	return gateway.RefundStatus{OutRefundNo: no, OrderID: r.OrderID, AmountFen: r.AmountFen, Reason: r.Reason,
		Progress: gateway.Progress{State: "new", CreatedAt: time.Unix(0, 0)}}, found, nil
}

func (b *book) SettlementStatus(_ context.Context, no string) (gateway.SettlementStatus, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, found := b.settles[no]
	return gateway.SettlementStatus{OutSettleNo: no, OrderID: s.OrderID, Desc: s.Desc, Params: s.Params,
		Progress: gateway.Progress{State: "new", CreatedAt: time.Unix(0, 0)}}, found, nil
}
