package journeys

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// soakKinds is how many kinds of orders there are: id%soakKinds says what its customers want. Of so many orders come 8 refunds and 8
// settlements, more where one fails and is asked for again.
const soakKinds = 13

// Orders with a fate of their own. The first refund of failsOnce and failsForGood is accepted and fails; of the first the shop asks
// again under a new number.
const (
	failsOnce    = 2 * soakKinds   // a refund of everything
	failsForGood = 2*soakKinds + 1 // likewise, and the shop leaves it at that
	paidTooMuch  = 6               // Douyin's user paid another amount than the shop's order has
	excess       = 100             // fen, of paidTooMuch
	paidHere     = soakKinds       // so many first orders are paid through POST /v1/payments, the others were paid before
)

const (
	soakAgain = 250 * time.Millisecond // after no answer
	soakLook  = 2 * time.Second        // how often a customer looks at what it waits for
)

// number is the first refund's or settlement's of an order.
func (s *soak) number(id int) string { return outNo(id) + "-1" }

// wishes is what the gateway has acknowledged, and what it has refused: that must never reach Douyin.
type wishes struct {
	mu                   sync.Mutex
	refunds, settlements map[string]int // number -> fen; of settlements the order's id
	refused              map[string]bool
}

func (w *wishes) acknowledged(m map[string]int, number string, v int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := m[number]; !known {
		m[number] = v
	}
}

// sellAll makes the orders, in the shop and at Douyin.
func (s *soak) sellAll(orders int) {
	s.t.Helper()
	s.shop.sell(s.t, orders)
	for id := paidHere + 1; id <= orders; id++ {
		if err := s.bank.AddPaid(outNo(id), int64(fen(id)), time.Now()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// pay lets a customer pay through ordersync: create_order over HTTP, the user, the callback.
func (s *soak) pay(ctx context.Context, id int) error {
	amount := fen(id)
	if id == paidTooMuch {
		amount += excess
	}
	status, err := s.instruct(ctx, "/v1/payments", gateway.PaymentRequest{
		OutOrderNo: outNo(id), TotalAmount: int64(amount), Subject: "课程", Body: "零基础学吉他", ValidTime: 900,
	})
	if err := is(status, err, "a payment", http.StatusOK); err != nil {
		return err
	}
	return s.bank.Pay(outNo(id))
}

// trade is what the customers of one order want, and what they are told.
func (s *soak) trade(ctx context.Context, id int) error {
	if id <= paidHere {
		if err := s.pay(ctx, id); err != nil {
			return err
		}
	}
	no, all, part := s.number(id), fen(id), fen(id)/2
	switch id % soakKinds {
	case 0:
		return s.refund(ctx, id, no, all)
	case 1: // twice, with the same content
		if err := s.refund(ctx, id, no, all); err != nil {
			return err
		}
		return s.refund(ctx, id, no, all, http.StatusOK)
	case 2: // the same number, another amount
		if err := s.refund(ctx, id, no, part); err != nil {
			return err
		}
		return s.refund(ctx, id, no, part+1, http.StatusConflict)
	case 3: // more than was paid
		if err := s.refund(ctx, id, no, part); err != nil {
			return err
		}
		return s.refund(ctx, id, outNo(id)+"-much", all+1, http.StatusUnprocessableEntity)
	case 4: // three halves at the same moment: at most two are taken
		var each [3]error
		var wg sync.WaitGroup
		for i := range each {
			wg.Go(func() {
				each[i] = s.refund(ctx, id, fmt.Sprintf("%s-1-%d", outNo(id), i), part, http.StatusAccepted, http.StatusOK, http.StatusUnprocessableEntity)
			})
		}
		wg.Wait()
		return errors.Join(each[:]...)
	case 5: // first a part back, then the rest to the seller: not while the refund runs
		if err := s.refund(ctx, id, no, part); err != nil {
			return err
		}
		return s.settleWhenIdle(ctx, id, tasks.SettleRequest{OutSettleNo: no, Desc: "分账"})
	case 7: // to others too; twice, with the same content
		r := tasks.SettleRequest{OutSettleNo: no, Desc: "分账", Params: []tasks.Receiver{{MerchantUID: "7054355287771482401", AmountFen: int64(part)}}}
		if err := s.settle(ctx, id, r); err != nil {
			return err
		}
		return s.settle(ctx, id, r, http.StatusOK)
	case 8: // the same number, other content
		if err := s.settle(ctx, id, tasks.SettleRequest{OutSettleNo: no, Desc: "分账", Finish: true}); err != nil {
			return err
		}
		return s.settle(ctx, id, tasks.SettleRequest{OutSettleNo: no, Desc: "另一个说明", Finish: true}, http.StatusConflict)
	case 9: // to the seller, and then all of it back
		if err := s.settle(ctx, id, tasks.SettleRequest{OutSettleNo: no, Desc: "分账"}); err != nil {
			return err
		}
		if err := s.ended(ctx, "/v1/settlements/"+no); err != nil {
			return err
		}
		return s.refund(ctx, id, no, all)
	}
	return s.settle(ctx, id, tasks.SettleRequest{OutSettleNo: no, Desc: "分账"})
}

// refund asks for a refund until it is answered. Without want it must be taken.
func (s *soak) refund(ctx context.Context, id int, no string, amount int, want ...int) error {
	status, err := s.instruct(ctx, fmt.Sprintf("/v1/orders/%d/refunds", id), tasks.RefundRequest{OutRefundNo: no, AmountFen: int64(amount), Reason: "退款 " + no})
	switch status {
	case http.StatusAccepted, http.StatusOK:
		s.acknowledged(s.refunds, no, amount)
	case http.StatusUnprocessableEntity:
		s.mu.Lock()
		s.refused[no] = true
		s.mu.Unlock()
	}
	return is(status, err, "refund "+no, want...)
}

func (s *soak) settle(ctx context.Context, id int, r tasks.SettleRequest, want ...int) error {
	status, err := s.instruct(ctx, fmt.Sprintf("/v1/orders/%d/settlements", id), r)
	if status == http.StatusAccepted || status == http.StatusOK {
		s.acknowledged(s.settlements, r.OutSettleNo, id)
	}
	return is(status, err, "settlement "+r.OutSettleNo, want...)
}

// settleWhenIdle asks until no other instruction of the order runs.
func (s *soak) settleWhenIdle(ctx context.Context, id int, r tasks.SettleRequest) error {
	return s.until(ctx, soakLook, func() (bool, error) {
		err := s.settle(ctx, id, r)
		var answer *unexpected
		if errors.As(err, &answer) && answer.status == http.StatusConflict {
			return false, nil
		}
		return err == nil, err
	})
}

// ended waits for the end of an instruction.
func (s *soak) ended(ctx context.Context, path string) error {
	return s.until(ctx, soakLook, func() (bool, error) {
		var progress struct{ State string }
		status, err := exchange(ctx, http.MethodGet, "http://"+s.app.Load().addr+path, nil, &progress)
		return err == nil && status == http.StatusOK && (progress.State == "succeeded" || progress.State == "failed"), nil
	})
}

// instruct posts until there is an answer that says whether it was taken: the gateway is killed now and then.
func (s *soak) instruct(ctx context.Context, path string, body any) (status int, err error) {
	err = s.until(ctx, soakAgain, func() (bool, error) {
		s.tills <- struct{}{}
		defer func() { <-s.tills }()
		var err error
		status, err = exchange(ctx, http.MethodPost, "http://"+s.app.Load().addr+path, body, nil)
		return err == nil && status < http.StatusInternalServerError, nil
	})
	return status, err
}

// until tries every so often until done, an error or the end of ctx.
func (s *soak) until(ctx context.Context, every time.Duration, try func() (done bool, err error)) error {
	bell := time.NewTicker(every)
	defer bell.Stop()
	for {
		if done, err := try(); done || err != nil {
			return err
		}
		select {
		case <-bell.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unexpected is an answer that the shop did not expect.
type unexpected struct {
	what   string
	status int
	want   []int
}

func (u *unexpected) Error() string {
	return fmt.Sprintf("%s is answered with HTTP %d, want one of %v", u.what, u.status, u.want)
}

func is(status int, err error, what string, want ...int) error {
	if len(want) == 0 {
		want = []int{http.StatusAccepted, http.StatusOK}
	}
	if err == nil && !slices.Contains(want, status) {
		err = &unexpected{what, status, want}
	}
	return err
}

// askAgain is the shop's clerk: what failed for the first time is asked for under a new number. Every second refund is left at that,
// and so is what another instruction of its order might meet on its way.
func (s *soak) askAgain(ctx context.Context) error {
	refunds, err := s.refundRows(ctx)
	if err != nil {
		return err
	}
	for no, r := range refunds {
		if r.state == "failed" && no == s.number(r.orderID) && r.orderID%2 == 0 && r.orderID%soakKinds != 5 && !s.again[no+" refund"] {
			s.again[no+" refund"] = true
			s.customer(func() error { return s.refund(ctx, r.orderID, outNo(r.orderID)+"-2", r.amount) })
		}
	}
	settlements, err := s.settlementRows(ctx)
	if err != nil {
		return err
	}
	for no, r := range settlements {
		if r.state == "failed" && no == s.number(r.orderID) && r.orderID%soakKinds != 9 && !s.again[no] {
			s.again[no] = true
			s.customer(func() error {
				return s.settleWhenIdle(ctx, r.orderID, tasks.SettleRequest{OutSettleNo: outNo(r.orderID) + "-2", Desc: "分账"})
			})
		}
	}
	return nil
}

// complain fails the test for what a customer was told.
func (s *soak) complain(err error) {
	if err != nil {
		s.t.Error(err)
	}
}

// weather is the simulator's storm with the fates that these tests count on: refunds and settlements that fail after acceptance, and
// one payment whose callback comes.
func weather(failing ...string) simulator.Plan {
	p := simulator.Plan{Profile: "storm", Faults: []simulator.Fault{
		{Op: "callback.payment", Kind: simulator.Duplicate, OrderID: outNo(paidTooMuch)},
		{Op: "refund.result", Kind: simulator.Fail, Probability: 0.06},
		{Op: "settle.result", Kind: simulator.Fail, Probability: 0.06},
		{Op: "trade.refund_result", Kind: simulator.Fail, Probability: 0.06},
		{Op: "trade.settle_result", Kind: simulator.Fail, Probability: 0.06},
	}}
	for _, no := range failing {
		p.Faults = append(p.Faults, simulator.Fault{Op: "refund.result", Kind: simulator.Fail, OrderID: no})
	}
	return p
}
