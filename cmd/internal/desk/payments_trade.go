package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/worker"
)

const (
	// signatureAge is how long a signature can be used to request the order, by the one reading
	// there is.
	signatureAge = time.Hour
	// defaultExpire is how long Douyin lets a requested order be paid where it names no time.
	defaultExpire = 300 * time.Second
)

// TradeRows are the payments of trade: a *store.Store.
type TradeRows interface {
	AnyPayment(ctx context.Context, outOrderNo string) (p store.Payment, found bool, err error)
	MakeTradePayment(ctx context.Context, p store.Payment, a store.PaymentAsk) (made store.Payment, fresh bool, err error)
	HearTradePayment(ctx context.Context, n store.TradePayment) (store.Accepted, error)
}

// Signer signs data for tt.requestOrder. A *trade.Signer is one.
type Signer interface {
	SignRequest(data []byte) (trade.Signed, error)
}

// TradePayments writes a payment of trade down, with the bytes that are signed for it, and signs
// them. It signs what was written down first, whatever the configuration has become since.
type TradePayments struct {
	Rows   TradeRows
	Signer Signer // nil: there is no private key
	Douyin worker.TradeCashier
	Terms  TradeTerms
	// FirstAsk is how long after a payment was made Douyin is asked for it first. 0:
	// worker.FirstPaymentAsk.
	FirstAsk time.Duration
	Now      func() time.Time
}

var _ gateway.TradePayments = TradePayments{}

// SignPayment is that of gateway.TradePayments.
func (t TradePayments) SignPayment(ctx context.Context, r gateway.TradePaymentRequest) (gateway.SignedPayment, error) {
	if t.Signer == nil {
		return gateway.SignedPayment{}, gateway.ErrNotSetUp
	}
	c, err := contentOf(r)
	if err != nil {
		return gateway.SignedPayment{}, err
	}
	before, found, err := t.Rows.AnyPayment(ctx, c.OutOrderNo)
	if err != nil {
		return gateway.SignedPayment{}, err
	}
	p := store.Payment{OutOrderNo: c.OutOrderNo, Total: store.Fen(c.TotalAmount), Currency: c.Currency, Fingerprint: c.fingerprint(), CreatedAt: t.Now()}
	if found && before.Fingerprint == p.Fingerprint {
		p.Data = before.Data
	} else if p.Data, err = t.Terms.data(c); err != nil {
		return gateway.SignedPayment{}, err
	}
	made, _, err := t.Rows.MakeTradePayment(ctx, p, t.expected(c))
	var conflict *store.ConflictError
	switch {
	case errors.As(err, &conflict):
		return gateway.SignedPayment{}, fmt.Errorf("%w (%w)", gateway.ErrConflict, err)
	case err != nil:
		return gateway.SignedPayment{}, err
	}
	signed, err := t.Signer.SignRequest(made.Data)
	return gateway.SignedPayment{Data: signed.Data, ByteAuthorization: signed.ByteAuthorization}, err
}

// expected is how long the payment is asked after: the buyer requests the order with this signature,
// and then pays.
func (t TradePayments) expected(c content) store.PaymentAsk {
	now := t.Now()
	due, expire := now.Add(cmp.Or(t.FirstAsk, worker.FirstPaymentAsk)), defaultExpire
	if c.ValidTime > 0 {
		expire = time.Duration(c.ValidTime) * time.Second
	}
	return store.PaymentAsk{ValidUntil: now.Add(signatureAge + expire), DueAt: &due, CreatedAt: now}
}

// TradePayment is that of gateway.TradePayments. Douyin is asked unless all is known, and what it
// says is written down.
func (t TradePayments) TradePayment(ctx context.Context, outOrderNo string) (gateway.TradePaymentStatus, error) {
	p, found, err := t.Rows.AnyPayment(ctx, outOrderNo)
	if err != nil || found && p.Settled() {
		return paymentStatus(p), err
	}
	answer, _, err := t.Douyin.QueryOrder(ctx, outOrderNo, "")
	switch {
	case err == nil:
	case found && (errors.Is(err, douyin.ErrNotFound) || p.State == store.PaymentSuccess):
		return paymentStatus(p), nil // not requested yet; or paid, and only its items are not known
	default:
		return gateway.TradePaymentStatus{}, err
	}
	if _, err := t.Rows.HearTradePayment(ctx, worker.TradeNews(answer, t.Now())); err != nil {
		return gateway.TradePaymentStatus{}, err
	}
	p, _, err = t.Rows.AnyPayment(ctx, outOrderNo)
	return paymentStatus(p), err
}

func paymentStatus(p store.Payment) gateway.TradePaymentStatus {
	s := gateway.TradePaymentStatus{
		System: string(p.System), OutOrderNo: p.OutOrderNo, OrderID: p.DouyinOrderID, PayStatus: string(p.State), TotalAmount: int64(p.Total),
		DiscountAmount: int64(p.Discount), Items: []gateway.TradePaymentItem{}, Currency: p.Currency, PayChannel: p.Way,
	}
	for _, i := range p.Items {
		s.Items = append(s.Items, gateway.TradePaymentItem{ItemOrderID: i.ItemOrderID, SkuID: i.SkuID, Amount: int64(i.Amount)})
	}
	if !p.PaidAt.IsZero() {
		s.PaidAt = &p.PaidAt
	}
	return s
}

// PaymentSystem tells in which system a number's payment is.
type PaymentSystem struct {
	Rows interface {
		AnyPayment(ctx context.Context, outOrderNo string) (p store.Payment, found bool, err error)
		PaymentAsk(ctx context.Context, outOrderNo string) (a store.PaymentAsk, found bool, err error)
	}
	New store.System // of new payments
}

// Of is a gateway.PaymentSystem.
func (s PaymentSystem) Of(ctx context.Context, outOrderNo string) (system string, known bool, err error) {
	if bad := tasks.CheckNumber("out_order_no", outOrderNo); bad != nil { // it is refused by name later
		return string(s.New), false, nil //nolint:nilerr // and is of no system
	}
	p, found, err := s.Rows.AnyPayment(ctx, outOrderNo)
	if err != nil || found {
		return string(p.System), found, err
	}
	a, found, err := s.Rows.PaymentAsk(ctx, outOrderNo)
	if err != nil || found {
		return string(a.System), found, err
	}
	return string(s.New), false, nil
}
