package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ordersync/ordersync/cmd/internal/playground"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
)

// moneyFrom is how many orders the demo needs before four of them are chosen for money.
const moneyFrom = 20

// The orders chosen for money, by their place in the story; none of them changes otherwise.
const (
	toPay          = 2
	toRefundPartly = 4
	toRefundWhole  = 8
	toSettle       = 10
	toBuy          = 17 // paid in the general trade system
	toReturn       = 18 // likewise, and its buyer asks Douyin for the money
)

// fen of the partial refund.
const partFen = 300

// money is what happens to the chosen orders: a payment, a partial and a full refund, a settlement, and two attempts at fraud.
type money struct {
	said []string // one line each, for the report
}

// say adds a line: what was asked, in a column of its own, and what came of it.
func (m *money) say(asked, came string) {
	m.said = append(m.said, text.Pad(asked, 33, ' ')+came)
}

// chooseMoney changes the stories of the chosen orders before they are told.
func chooseMoney(all []*story) {
	if len(all) < moneyFrom {
		return
	}
	for _, i := range []int{toPay, toRefundPartly, toRefundWhole, toSettle} {
		all[i].later, all[i].broken, all[i].way = nil, "", byHTTP
		all[i].order.UserID, all[i].order.ProductID = 1, 1
	}
	all[toPay].order.Status, all[toPay].later = sampleshop.Unpaid, []int{sampleshop.Paid}
	all[toPay].byShop = true // the shop's callback handler marks it paid
	all[toRefundWhole].refunded = true
	for _, i := range []int{toBuy, toReturn} {
		s := all[i]
		s.trade, s.byShop, s.broken, s.way = true, true, "", byPayment
		s.order.UserID, s.order.ProductID, s.order.Status, s.later = 1, 1, sampleshop.Unpaid, []int{sampleshop.Paid}
	}
	all[toReturn].refunded = true
}

// moveMoney asks for everything over HTTP, as a shop would.
func (d *demo) moveMoney(ctx context.Context) error {
	if len(d.stories) < moneyFrom {
		return nil
	}
	if err := d.pay(ctx, d.stories[toPay]); err != nil {
		return err
	}
	for _, i := range []int{toRefundPartly, toRefundWhole, toSettle} {
		s := d.stories[i]
		if err := d.douyin.AddPaid(s.id(), s.fen(), s.order.CreateTime); err != nil {
			return err
		}
	}
	part, whole, settled := d.stories[toRefundPartly], d.stories[toRefundWhole], d.stories[toSettle]
	for _, step := range []struct {
		what, path, body string
		want             int
	}{
		{"partial refund", "/v1/orders/" + part.id() + "/refunds", refundBody("R-"+part.id(), partFen), http.StatusAccepted},
		{"the same refund again", "/v1/orders/" + part.id() + "/refunds", refundBody("R-"+part.id(), partFen), http.StatusOK},
		{"the same number, another amount", "/v1/orders/" + part.id() + "/refunds", refundBody("R-"+part.id(), partFen+1), http.StatusConflict},
		{"more than was paid", "/v1/orders/" + part.id() + "/refunds", refundBody("R2-"+part.id(), part.fen()), http.StatusUnprocessableEntity},
		{"full refund", "/v1/orders/" + whole.id() + "/refunds", refundBody("R-"+whole.id(), whole.fen()), http.StatusAccepted},
		{"settlement", "/v1/orders/" + settled.id() + "/settlements", `{"out_settle_no":"S-` + settled.id() + `","desc":"订单分账","finish":true}`, http.StatusAccepted},
		{"forged callback", "/callbacks/douyin", forgedCallback(whole.id()), http.StatusForbidden},
	} {
		status, said, err := d.ask(ctx, step.path, step.body)
		if err != nil {
			return err
		}
		if status != step.want {
			return fmt.Errorf("%s: HTTP %d instead of %d: %s", step.what, status, step.want, said)
		}
		d.cash.say(d.Lang.T(step.what), fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)))
	}
	for _, i := range []int{toBuy, toReturn} {
		if err := d.buy(ctx, d.stories[i]); err != nil {
			return err
		}
	}
	return d.giveBack(ctx, d.stories[toReturn])
}

func refundBody(number string, fen int64) string {
	return fmt.Sprintf(`{"out_refund_no":%q,"amount_fen":%d,"reason":"用户取消订单"}`, number, fen)
}

// forgedCallback claims a refund with a signature that somebody made up.
func forgedCallback(id string) string {
	msg, _ := json.Marshal(fmt.Sprintf(`{"appid":%q,"cp_refundno":"R-%s","status":"SUCCESS","refund_amount":1}`, playground.AppID, id)) // a string always has a JSON form
	return `{"timestamp":"1704067200","nonce":"4242","type":"refund","msg":` + string(msg) + `,"msg_signature":"` + strings.Repeat("0", 40) + `"}`
}

// pay creates a payment through the gateway, and the buyer pays: Douyin calls back, ordersync records it and hands it on to
// the shop, which marks its order paid.
func (d *demo) pay(ctx context.Context, s *story) error {
	body := fmt.Sprintf(`{"out_order_no":%q,"total_amount":%d,"subject":"课程","body":"课程","valid_time":3600}`, s.id(), s.fen())
	var status int
	var said string
	for range 20 { // a payment is asked for by a person, so nobody queues it; faults are met by asking again
		var err error
		if status, said, err = d.ask(ctx, "/v1/payments", body); err != nil {
			return err
		}
		if status == http.StatusOK {
			break
		}
	}
	if status != http.StatusOK {
		return fmt.Errorf("payment: HTTP %d: %s", status, said)
	}
	d.cash.say(d.Lang.T("payment created"), d.Lang.T("HTTP %d, order_token for tt.pay", status))
	return d.douyin.Pay(s.id())
}

// ask posts to the gateway.
func (d *demo) ask(ctx context.Context, path, body string) (status int, said string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.gateway+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.bearer)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("gateway: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	return resp.StatusCode, string(raw), err
}

// moneyArrived tells whether every instruction has ended as it should.
func (d *demo) moneyArrived(ctx context.Context) bool {
	if len(d.stories) < moneyFrom {
		return true
	}
	all, err := d.instructions(ctx)
	if err != nil || len(all) != 4 {
		return false
	}
	for _, i := range all {
		if i.State != store.MoneySucceeded {
			return false
		}
	}
	return d.tradeArrived(ctx) && len(d.anomalies()) == 0
}

// anomalies are what must not happen, in Douyin's books of both systems.
func (d *demo) anomalies() []simulator.Anomaly {
	return append(d.douyin.Anomalies(), d.douyin.Trade().Violations...)
}

func (d *demo) instructions(ctx context.Context) ([]store.Instruction, error) {
	st, err := d.parts.Store()
	if err != nil {
		return nil, err
	}
	var all []store.Instruction
	for _, i := range []int{toRefundPartly, toRefundWhole, toSettle, toReturn} {
		for _, kind := range []store.Money{store.Refund, store.Settlement} {
			some, err := st.Instructions(ctx, kind, d.stories[i].id())
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	return all, nil
}

// reportMoney prints what was asked and answered, and what Douyin's ledger says.
func (d *demo) reportMoney(ctx context.Context) error {
	if len(d.stories) < moneyFrom {
		return nil
	}
	fmt.Fprintln(d.Out, d.Lang.T("\nMoney"))
	for _, line := range d.cash.said {
		fmt.Fprintln(d.Out, "  "+line)
	}
	all, err := d.instructions(ctx)
	if err != nil {
		return err
	}
	t := newTable(d.Out)
	t.AppendHeader(d.header("order", "system", "", "number", "fen", "our state", "requests", "questions", "Douyin moved"))
	moved := map[string]int64{}
	for _, m := range slices.Concat(d.douyin.Money().Movements, d.douyin.Trade().Movements) {
		moved[m.Kind+m.Number] += m.Amount
	}
	for _, i := range all {
		kind := map[store.Money]string{store.Refund: "refund", store.Settlement: "settle"}[i.Money]
		t.AppendRow(table.Row{i.OrderID, string(i.System), d.Lang.T(kind), i.Number, int64(i.Amount), d.stateOf(i), i.Attempts, i.Polls, d.Lang.T("%d fen", moved[kind+i.Number]+moved[kind+i.PlatformNo])})
	}
	fmt.Fprintln(d.Out)
	t.Render()
	fmt.Fprintln(d.Out, d.Lang.T("Moved twice, or too much, or without being asked: %d.", len(d.anomalies())))
	return nil
}

// fen is the order's amount.
func (s *story) fen() int64 {
	fen, err := store.ParseYuan(s.order.Amount)
	if err != nil {
		panic(err) // the story chose it
	}
	return int64(fen)
}
