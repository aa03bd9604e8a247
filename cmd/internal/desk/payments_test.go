package desk

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// counter is Douyin and the table at once; did is what happened, in order.
type counter struct {
	did    []string
	row    store.PaymentAsk
	stored error
	answer error
	old    bool
}

func (c *counter) ExpectPayment(_ context.Context, a store.PaymentAsk) (bool, error) {
	c.did, c.row = append(c.did, "expect"), a
	return !c.old, c.stored
}

func (c *counter) ForgetPayment(context.Context, store.PaymentAsk) error {
	c.did = append(c.did, "forget")
	return nil
}

func (c *counter) CreateOrder(context.Context, douyin.PaymentOrder) (douyin.CreatedOrder, douyin.Receipt, error) {
	c.did = append(c.did, "create")
	return douyin.CreatedOrder{}, douyin.Receipt{}, c.answer
}

func (c *counter) QueryOrder(context.Context, string) (douyin.OrderPayment, douyin.Receipt, error) {
	return douyin.OrderPayment{}, douyin.Receipt{}, nil
}

// Money is written down before it is asked for.
func TestAPaymentIsWrittenDownBeforeDouyinIsAsked(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	for name, c := range map[string]struct {
		no     string
		answer error
		stored error
		old    bool
		want   []string
	}{
		"made":             {no: "O1", want: []string{"expect", "create"}},
		"refused":          {no: "O1", answer: &douyin.Error{Kind: douyin.Rejected}, want: []string{"expect", "create", "forget"}},
		"refused, but old": {no: "O1", old: true, answer: &douyin.Error{Kind: douyin.Rejected}, want: []string{"expect", "create"}},
		"perhaps made":     {no: "O1", answer: &douyin.Error{Kind: douyin.Unavailable, MayHave: true}, want: []string{"expect", "create"}},
		"no database":      {no: "O1", stored: errors.New("gone away"), want: []string{"expect"}},
		"of trade":         {no: "O1", stored: &store.ConflictError{Number: "O1"}, want: []string{"expect"}},
		"a bad number":     {no: "订单", want: []string{"create"}},
	} {
		bank := &counter{stored: c.stored, answer: c.answer, old: c.old}
		_, _, err := Payments{bank, bank, func() time.Time { return now }}.CreateOrder(t.Context(), douyin.PaymentOrder{OutOrderNo: c.no, TotalAmount: 5, ValidTime: 3600})
		if !slices.Equal(bank.did, c.want) || (err == nil) != (c.answer == nil && c.stored == nil) {
			t.Errorf("%s: %v, %v", name, bank.did, err)
		}
		if name == "of trade" && !errors.Is(err, gateway.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		if c.no == "O1" && (!bank.row.ValidUntil.Equal(now.Add(time.Hour)) || !bank.row.DueAt.Equal(now.Add(time.Minute)) || bank.row.Total != 5) {
			t.Errorf("%s: %+v", name, bank.row)
		}
	}
}
