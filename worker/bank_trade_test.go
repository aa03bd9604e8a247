package worker

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// office is Douyin's client of trade, and the rows beside the instruction: it keeps what it was
// asked, and says what it was told to.
type office struct {
	payment  *store.Payment
	rows     []store.Instruction // of the order
	order    trade.PaymentState
	orderErr error
	refunds  []trade.RefundState // by whatever key
	settles  []trade.SettleState
	queryErr error
	sendErr  error

	calls      []string
	refund     trade.Refund
	settlement trade.Settlement
	heard      []store.TradeRefund
	postponed  []store.RefundAsk
	until      time.Time
}

func (o *office) AnyPayment(context.Context, string) (store.Payment, bool, error) {
	if o.payment == nil {
		return store.Payment{}, false, nil
	}
	return *o.payment, true, nil
}

func (o *office) HearTradePayment(_ context.Context, n store.TradePayment) (store.Accepted, error) {
	o.payment = &store.Payment{
		System: store.Trade, State: n.State, OutOrderNo: n.OutOrderNo, OrderID: "1", DouyinOrderID: n.DouyinOrderID, Total: n.Total, Discount: n.Discount,
		Currency: n.Currency, Items: n.Items, PaidAt: n.PaidAt,
	}
	return store.Accepted{Fresh: true}, nil
}

func (o *office) Instructions(context.Context, store.Money, string) ([]store.Instruction, error) {
	return o.rows, nil
}

func (o *office) HearTradeRefund(_ context.Context, r store.TradeRefund) (store.Accepted, error) {
	o.heard = append(o.heard, r)
	return store.Accepted{}, nil
}

func (o *office) PostponeRefundAsk(_ context.Context, seen store.RefundAsk, until time.Time) error {
	o.postponed, o.until = append(o.postponed, seen), until
	return nil
}

func (o *office) CreateRefund(_ context.Context, f trade.Refund) (string, douyin.Receipt, error) {
	o.calls, o.refund = append(o.calls, "create"), f
	return "D1", douyin.Receipt{LogID: "L1"}, o.sendErr
}

func (o *office) QueryOrder(_ context.Context, no, _ string) (trade.PaymentState, douyin.Receipt, error) {
	o.calls = append(o.calls, "order "+no)
	return o.order, douyin.Receipt{}, o.orderErr
}

func (o *office) QueryRefunds(_ context.Context, no, id, order string) ([]trade.RefundState, douyin.Receipt, error) {
	o.calls = append(o.calls, fmt.Sprint("refunds ", no, "|", id, "|", order))
	return o.refunds, douyin.Receipt{HTTPStatus: 200}, o.queryErr
}

func (o *office) Settle(_ context.Context, s trade.Settlement) (string, douyin.Receipt, error) {
	o.settlement = s
	return "D2", douyin.Receipt{}, o.sendErr
}

func (o *office) QuerySettles(_ context.Context, k trade.SettleKey) ([]trade.SettleState, douyin.Receipt, error) {
	o.calls = append(o.calls, fmt.Sprintf("settles %+v", k))
	return o.settles, douyin.Receipt{}, o.queryErr
}

func (o *office) bank() TradeRefunds {
	page := Page{Path: "pages/refund", Params: map[string]string{"no": "{out_refund_no}", "id": "{order_id}", "order": "{out_order_no}"}}
	return TradeRefunds{Rows: o, Sending: o, Douyin: o, Page: page, Now: func() time.Time { return noon }}
}

// ours is R1 of trade: 7.00 yuan of order 1.
func ours() store.Instruction {
	i := newRefund()
	i.System, i.Origin = store.Trade, store.OriginOurs
	return i
}

// paidPayment is 12.30 yuan for two items.
func paidPayment() *store.Payment {
	return &store.Payment{
		System: store.Trade, State: store.PaymentSuccess, OutOrderNo: "out-1", OrderID: "1", DouyinOrderID: "motb1", Total: 1230, PaidAt: noon,
		Items: []store.PaymentItem{{ItemOrderID: "a", Amount: 500}, {ItemOrderID: "b", Amount: 730}},
	}
}

func TestHowARefundOfTradeFallsOnTheItems(t *testing.T) {
	item := func(id string, fen int64) string {
		return fmt.Sprintf(`{"item_order_id":"%s","refund_amount":%d}`, id, fen)
	}
	other := func(state store.MoneyState, amount store.Fen, items string) store.Instruction {
		return store.Instruction{Money: store.Refund, Number: "R9", State: state, Amount: amount, Items: items, Attempts: 1, Origin: store.OriginOurs}
	}
	for name, c := range map[string]struct {
		amount   store.Fen
		discount store.Fen
		items    []store.PaymentItem
		others   []store.Instruction
		want     string
	}{
		"all that was paid":                     {1230, 0, paidPayment().Items, nil, "[]"},
		"all, with a discount":                  {1200, 30, paidPayment().Items, nil, "[]"},
		"all, and nobody knows the items":       {1230, 0, nil, nil, "[]"},
		"a part, and nobody knows the items":    {700, 0, nil, nil, ""},
		"all, beside one that was never sent":   {1230, 0, paidPayment().Items, []store.Instruction{{State: store.MoneyNew, Origin: store.OriginOurs}}, "[]"},
		"all, after one that failed":            {1230, 0, paidPayment().Items, []store.Instruction{other(store.MoneyFailed, 500, "["+item("a", 500)+"]")}, "[" + item("a", 500) + "," + item("b", 730) + "]"},
		"all, after one that Douyin opened":     {1230, 0, paidPayment().Items, []store.Instruction{{State: store.MoneyFailed, Origin: store.OriginUser}}, "[" + item("a", 500) + "," + item("b", 730) + "]"},
		"a part of the first item":              {300, 0, paidPayment().Items, nil, "[" + item("a", 300) + "]"},
		"more than the first item":              {700, 0, paidPayment().Items, nil, "[" + item("a", 500) + "," + item("b", 200) + "]"},
		"the first item is paid back in part":   {700, 0, paidPayment().Items, []store.Instruction{other(store.MoneySucceeded, 450, "["+item("a", 450)+"]")}, "[" + item("a", 50) + "," + item("b", 650) + "]"},
		"the first item is paid back":           {700, 0, paidPayment().Items, []store.Instruction{other(store.MoneySubmitted, 500, "["+item("a", 500)+"]")}, "[" + item("b", 700) + "]"},
		"of another one nobody knows the items": {700, 0, paidPayment().Items, []store.Instruction{other(store.MoneySucceeded, 530, "")}, "[" + item("b", 700) + "]"},
		"a rest falls on the last one":          {700, 0, paidPayment().Items, []store.Instruction{other(store.MoneySucceeded, 600, "["+item("a", 500)+","+item("b", 100)+"]")}, "[" + item("b", 700) + "]"},
		"one item":                              {300, 0, []store.PaymentItem{{ItemOrderID: "a"}}, nil, "[" + item("a", 300) + "]"},
	} {
		i, p := ours(), paidPayment()
		i.Amount, p.Discount, p.Items = c.amount, c.discount, c.items
		if got, err := shares(i, *p, c.others); err != nil || got != c.want {
			t.Errorf("%s: %s, want %s (%v)", name, got, c.want, err)
		}
	}
}

func TestARefundOfTradeIsSentAsItWasFixed(t *testing.T) {
	o := &office{payment: paidPayment()}
	i := ours()
	i.Options = `{"cp_extra":"x","notify_url":"https://shop.example/","reason_code":101}`
	i.Text = strings.Repeat("退", 20)
	ready, err := o.bank().Prepare(t.Context(), i)
	if err != nil || len(o.calls) != 0 {
		t.Fatal(o.calls, err)
	}
	no, r, err := o.bank().Send(t.Context(), ready)
	want := trade.Refund{
		OrderID: "motb1", OutRefundNo: "R1", Amount: 700, Items: []trade.RefundItem{{ItemOrderID: "a", Amount: 500}, {ItemOrderID: "b", Amount: 200}},
		Reasons: []trade.Reason{{Code: 101, Text: strings.Repeat("退", 16)}}, CPExtra: "x", NotifyURL: "https://shop.example/",
		Page: trade.Page{Path: "pages/refund", Params: `{"id":"motb1","no":"R1","order":"out-1"}`},
	}
	if err != nil || no != "D1" || r.LogID != "L1" || !reflect.DeepEqual(o.refund, want) {
		t.Errorf("sent %+v,\nwant %+v: %v", o.refund, want, err)
	}
	// What the payment's items become later changes nothing.
	o.payment.Items = o.payment.Items[1:]
	if again, err := o.bank().Prepare(t.Context(), ready); err != nil || again.Items != ready.Items {
		t.Errorf("prepared again: %s, %v", again.Items, err)
	}
	ready.Items, ready.Currency, ready.Options = "[]", trade.Diamond, ""
	if _, _, err := o.bank().Send(t.Context(), ready); err != nil || !o.refund.All || len(o.refund.Items) != 0 || o.refund.Currency != trade.Diamond || o.refund.Reasons[0].Code != trade.ReasonOther {
		t.Errorf("the whole order: %+v, %v", o.refund, err)
	}
	ready.Items = "{"
	var corrupt *CorruptRowError
	if _, _, err := o.bank().Send(t.Context(), ready); !errors.As(err, &corrupt) || corrupt.Column != "items" {
		t.Errorf("items that nobody can read: %v", err)
	}
}

func TestARefundOfTradeNeedsAPayment(t *testing.T) {
	paid := trade.PaymentState{
		OrderID: "motb1", OutOrderNo: "out-1", Status: trade.Success, TotalAmount: 1230, PaidAt: noon, Items: []trade.OrderItem{{ItemOrderID: "a", Amount: 1230}},
	}
	status := func(s trade.Result) trade.PaymentState { p := paid; p.Status = s; return p }
	diamonds := paid
	diamonds.Currency, diamonds.TotalDiamonds, diamonds.Items = trade.Diamond, 1230, []trade.OrderItem{{ItemOrderID: "a", Diamonds: 1230}}
	callback := paidPayment()
	callback.Items = nil
	unknown := &douyin.Error{Op: trade.OpOrderQuery, Kind: douyin.Rejected, Code: 20000, Err: douyin.ErrNotFound}
	for name, c := range map[string]struct {
		payment  *store.Payment
		order    trade.PaymentState
		err      error
		age      time.Duration
		noPage   bool
		items    string // that are fixed; empty: it is not sent
		waits    time.Duration
		ends     string // in these words
		askedFor bool
	}{
		"known":                           {payment: paidPayment(), items: `[{"item_order_id":"a","refund_amount":500},{"item_order_id":"b","refund_amount":200}]`},
		"a callback told no items":        {payment: callback, order: paid, items: `[{"item_order_id":"a","refund_amount":700}]`, askedFor: true},
		"unknown here":                    {order: paid, items: `[{"item_order_id":"a","refund_amount":700}]`, askedFor: true},
		"in diamonds":                     {order: diamonds, items: `[{"item_order_id":"a","refund_amount":700}]`, askedFor: true},
		"expected, and paid meanwhile":    {payment: &store.Payment{System: store.Trade, State: store.PaymentProcess}, order: paid, items: `[{"item_order_id":"a","refund_amount":700}]`, askedFor: true},
		"not paid yet":                    {order: status(trade.Process), waits: unpaidWait, askedFor: true},
		"in a word that nobody knows":     {order: status("ODD"), waits: unpaidWait, askedFor: true},
		"not paid in time":                {order: status(trade.Timeout), ends: "never paid", askedFor: true},
		"nobody knows it, and it is new":  {err: unknown, waits: unpaidWait, askedFor: true},
		"nobody has known it for an hour": {err: unknown, age: unpaidFor + time.Second, ends: "no payment", askedFor: true},
		"no page is configured":           {payment: paidPayment(), noPage: true, waits: unserved},
	} {
		o := &office{payment: c.payment, order: c.order, orderErr: c.err}
		i, bank := ours(), o.bank()
		i.CreatedAt = noon.Add(-c.age)
		if c.noPage {
			bank.Page = Page{}
		}
		ready, err := bank.Prepare(t.Context(), i)
		var wait *WaitError
		var nothing *NothingToMoveError
		switch {
		case c.items != "" && (err != nil || ready.Items != c.items || o.payment.Currency != ready.Currency):
			t.Errorf("%s: %q, %q, %v", name, ready.Items, ready.Currency, err)
		case c.waits > 0 && (!errors.As(err, &wait) || wait.For != c.waits):
			t.Errorf("%s: %v", name, err)
		case c.ends != "" && (!errors.As(err, &nothing) || !strings.Contains(err.Error(), c.ends)):
			t.Errorf("%s: %v", name, err)
		case (len(o.calls) > 0) != c.askedFor:
			t.Errorf("%s: asked %v", name, o.calls)
		}
	}
}

func TestHowARefundOfTradeStands(t *testing.T) {
	deadline := noon.Add(time.Hour)
	user := trade.RefundState{OrderID: "motb1", RefundID: "7", Status: trade.Processing, Amount: 700, Source: 1, NeedAudit: true, Audit: trade.AuditWaiting, Deadline: deadline}
	state := func(f func(*trade.RefundState)) trade.RefundState { s := user; f(&s); return s }
	opened := ours()
	opened.Number, opened.Origin, opened.PlatformNo, opened.State = "DY7", store.OriginUser, "7", store.MoneySubmitted
	for name, c := range map[string]struct {
		row   store.Instruction
		said  []trade.RefundState
		err   error
		asked string
		want  Standing
		heard store.AuditState // that was written down; empty: nothing was
		fails error
	}{
		"ours":                     {row: ours(), said: []trade.RefundState{{RefundID: "D1", OutRefundNo: "R1", Status: trade.Success, Amount: 700}}, asked: "refunds R1||", want: Standing{douyin.ResultSuccess, "D1", 700, "", false}},
		"ours, failed":             {row: ours(), said: []trade.RefundState{{RefundID: "D1", Status: trade.Fail, Amount: 700, Message: "余额不足"}}, asked: "refunds R1||", want: Standing{douyin.ResultFail, "D1", 700, "余额不足", false}},
		"a word that nobody knows": {row: ours(), said: []trade.RefundState{{RefundID: "D1", Status: "ODD", Amount: 700}}, asked: "refunds R1||", want: Standing{douyin.ResultProcessing, "D1", 700, "", false}},
		"an empty list":            {row: ours(), asked: "refunds R1||", fails: douyin.ErrNotFound},
		"20000":                    {row: ours(), err: unknown3101, asked: "refunds R1||", fails: douyin.ErrNotFound},
		"the buyer's":              {row: opened, said: []trade.RefundState{user}, asked: "refunds |7|", want: Standing{douyin.ResultProcessing, "7", 700, "", false}, heard: store.AuditNeeded},
		"the buyer's, waiting, and nothing else is told": {row: opened, said: []trade.RefundState{state(func(s *trade.RefundState) { s.NeedAudit = false })}, asked: "refunds |7|",
			want: Standing{douyin.ResultProcessing, "7", 700, "", false}, heard: store.AuditNeeded},
		"the buyer's, denied": {row: opened, said: []trade.RefundState{state(func(s *trade.RefundState) { s.Audit, s.Denied = trade.AuditDenied, "已发货" })}, asked: "refunds |7|",
			want: Standing{douyin.ResultFail, "7", 700, "已发货", true}, heard: store.AuditDenied},
		"the buyer's, decided by Douyin": {row: opened, said: []trade.RefundState{state(func(s *trade.RefundState) { s.Audit, s.Status = trade.AuditOvertime, trade.Success })}, asked: "refunds |7|",
			want: Standing{douyin.ResultSuccess, "7", 700, "", false}, heard: store.AuditOvertime},
	} {
		o := &office{refunds: c.said, queryErr: c.err}
		s, _, err := o.bank().Query(t.Context(), c.row)
		if !errors.Is(err, c.fails) || s != c.want || len(o.calls) != 1 || o.calls[0] != c.asked {
			t.Errorf("%s: asked %v: %+v, %v", name, o.calls, s, err)
		}
		if (len(o.heard) > 0) != (c.heard != "") || c.heard != "" && (o.heard[0].Audit.State != c.heard || o.heard[0].Number != "DY7" || !o.heard[0].Audit.Deadline.Equal(deadline)) {
			t.Errorf("%s: written down %+v", name, o.heard)
		}
	}
}

// A number that the shop has used before, for another order and without ordersync: Douyin tells how
// that one stands, and nothing of it is ours.
func TestANumberThatIsAnotherOrdersAtDouyinFails(t *testing.T) {
	o := &office{payment: paidPayment(), refunds: []trade.RefundState{{OrderID: "motb2", RefundID: "D1", OutRefundNo: "R1", Status: trade.Success, Amount: 700}}}
	s, _, err := o.bank().Query(t.Context(), ours())
	if want := (Standing{Result: douyin.ResultFail, Message: ofAnother + "motb2"}); err != nil || s != want {
		t.Errorf("a refund: %+v, %v", s, err)
	}
	o.payment = nil // and nobody knows which order is ours
	if s, _, err = o.bank().Query(t.Context(), ours()); err != nil || s.Result != douyin.ResultSuccess {
		t.Errorf("of no known payment: %+v, %v", s, err)
	}
	i := newSettlement()
	i.System = store.Trade
	bank := TradeSettlements{Rows: o, Sending: o, Douyin: o}
	for order, want := range map[string]douyin.Result{"out-1": douyin.ResultSuccess, "out-2": douyin.ResultFail, "": douyin.ResultSuccess} {
		o.settles = []trade.SettleState{{SettleID: "D2", OutSettleNo: "S1", OutOrderNo: order, Status: trade.Success, Amount: 1230}}
		if s, _, err := bank.Query(t.Context(), i); err != nil || s.Result != want {
			t.Errorf("a settlement of %q: %+v, %v", order, s, err)
		}
	}
}

// 22001 says that a refund is under way or was made: Douyin tells which, and this one waits or fails.
func TestARefundThatAnotherOneHoldsUpIsTooEarly(t *testing.T) {
	held := func(code int) error {
		return &douyin.Error{Op: trade.OpRefundCreate, Kind: douyin.Doubtful, Code: code, HTTPStatus: 200}
	}
	user := trade.RefundState{OrderID: "motb1", RefundID: "7", Status: trade.Processing, Amount: 300, Source: 1}
	own := trade.RefundState{OrderID: "motb1", RefundID: "D1", OutRefundNo: "R1", Status: trade.Processing, Amount: 700, Source: 2}
	done := user
	done.Status = trade.Success
	for name, c := range map[string]struct {
		code  int
		said  []trade.RefundState
		err   error
		early bool
		heard []string
	}{
		"the buyer's is under way":     {22001, []trade.RefundState{user}, nil, true, []string{"DY7"}},
		"the buyer's was made":         {22001, []trade.RefundState{done}, nil, false, []string{"DY7"}},
		"it is this one":               {22001, []trade.RefundState{own}, nil, false, []string{"R1"}},
		"nobody knows of another":      {22009, nil, unknown3101, false, nil},
		"Douyin does not answer":       {22001, nil, cutOff, true, nil},
		"not something that may start": {22009, []trade.RefundState{user}, nil, true, []string{"DY7"}},
	} {
		o := &office{payment: paidPayment(), refunds: c.said, queryErr: c.err, sendErr: held(c.code)}
		i := ours()
		i.Items = "[]"
		_, _, err := o.bank().Send(t.Context(), i)
		var failure *douyin.Error
		if errors.Is(err, douyin.ErrNotYet) != c.early || !errors.As(err, &failure) || failure.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
		var heard []string
		for _, r := range o.heard {
			heard = append(heard, r.Number)
		}
		if fmt.Sprint(heard) != fmt.Sprint(c.heard) || o.calls[len(o.calls)-1] != "refunds ||motb1" {
			t.Errorf("%s: asked %v, written down %v", name, o.calls, heard)
		}
	}
}

func TestASettlementOfTradeIsSentAndAskedAbout(t *testing.T) {
	o := &office{settles: []trade.SettleState{{SettleID: "D2", Status: trade.Success, Amount: 1230, Detail: "商户号7-分成金额(分)10"}}}
	bank := TradeSettlements{Rows: o, Sending: o, Douyin: o}
	i := newSettlement()
	i.System, i.Finish = store.Trade, false
	if _, err := bank.Prepare(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	no, _, err := bank.Send(t.Context(), i)
	want := trade.Settlement{
		OutOrderNo: "out-1", OutSettleNo: "S1", Desc: "分账", Ext: "x", NotifyURL: "https://shop.example/",
		Receivers: []douyin.Receiver{{MerchantUID: "7", Amount: 10}, {MerchantUID: "8", Amount: 20}},
	}
	if err != nil || no != "D2" || !reflect.DeepEqual(o.settlement, want) {
		t.Errorf("sent %+v, want %+v: %v", o.settlement, want, err)
	}
	s, _, err := bank.Query(t.Context(), i)
	if err != nil || s.Result != douyin.ResultSuccess || s.PlatformNo != "D2" || s.Amount != 1230 || o.calls[0] != fmt.Sprintf("settles %+v", trade.SettleKey{OutSettleNo: "S1"}) {
		t.Errorf("asked %v: %+v, %v", o.calls, s, err)
	}
	auto := i
	auto.Number, auto.PlatformNo, auto.Origin = "D9", "D9", store.OriginAuto
	o.settles = nil
	if _, _, err := bank.Query(t.Context(), auto); !errors.Is(err, douyin.ErrNotFound) || o.calls[1] != fmt.Sprintf("settles %+v", trade.SettleKey{SettleID: "D9"}) {
		t.Errorf("asked %v: %v", o.calls, err)
	}
	auto.State = store.MoneySucceeded
	o.rows = []store.Instruction{i, auto}
	var nothing *NothingToMoveError
	if _, err := bank.Prepare(t.Context(), i); !errors.As(err, &nothing) || !strings.Contains(err.Error(), "D9") {
		t.Errorf("Douyin has settled it: %v", err)
	}
	auto.State = store.MoneyFailed
	o.rows = []store.Instruction{i, auto}
	if _, err := bank.Prepare(t.Context(), i); err != nil {
		t.Errorf("Douyin has failed to: %v", err)
	}
}

// What each of trade's refusals means for the row, after Douyin was asked and does not know it.
func TestCodesOfTradeAndWhatBecomesOfTheInstruction(t *testing.T) {
	refusal := func(op string, code int, kind douyin.Kind, cause error) error {
		return &douyin.Error{Op: op, Kind: kind, Code: code, Message: "words", HTTPStatus: 200, Err: cause}
	}
	long := func(i *store.Instruction) { // its last doubt is over: what was refused is believed
		at := noon.Add(-time.Hour)
		i.SendingAt, i.AnsweredAt = &at, &at
	}
	for name, c := range map[string]struct {
		money store.Money
		err   error
		want  string
	}{
		"22000":              {store.Refund, refusal(trade.OpRefundCreate, 22000, douyin.Doubtful, nil), "failed, rejected"},
		"22002":              {store.Refund, refusal(trade.OpRefundCreate, 22002, douyin.Doubtful, nil), "failed, rejected"},
		"22008":              {store.Refund, refusal(trade.OpRefundCreate, 22008, douyin.Doubtful, nil), "failed, rejected"},
		"22013":              {store.Refund, refusal(trade.OpRefundCreate, 22013, douyin.Doubtful, nil), "failed, doubtful, alarm unknown_code"},
		"held up by another": {store.Refund, refusal(trade.OpRefundCreate, 22001, douyin.Doubtful, douyin.ErrNotYet), "new, waiting, due in 1m0s"},
		"23107":              {store.Settlement, refusal(trade.OpSettleCreate, 23107, douyin.Unavailable, douyin.ErrNotYet), "new, waiting, due in 1h0m0s"},
		"23113":              {store.Settlement, refusal(trade.OpSettleCreate, 23113, douyin.Unavailable, douyin.ErrNotYet), "new, waiting, due in 1h0m0s"},
		"22004":              {store.Refund, refusal(trade.OpRefundCreate, 22004, douyin.Doubtful, trade.ErrExists), "submitted, rejected, due in 5m0s"},
		"23111":              {store.Settlement, refusal(trade.OpSettleCreate, 23111, douyin.Doubtful, trade.ErrExists), "submitted, rejected, due in 5m0s"},
		"23112":              {store.Settlement, refusal(trade.OpSettleCreate, 23112, douyin.Doubtful, nil), "failed, rejected"},
		"23117":              {store.Settlement, refusal(trade.OpSettleCreate, 23117, douyin.Rejected, trade.ErrAutoSettle), "failed, auto_settle, alarm auto_settle"},
	} {
		row := ours()
		row.Money = c.money
		if c.money == store.Settlement {
			row.Options = ""
		}
		b := newBooks(row)
		bank := &teller{t: t, sends: []said{{err: c.err}}, queries: []said{{err: unknown3101}, {err: unknown3101}}}
		branch := Branch{Bank: bank, Ops: TradeRefundOps()}
		if c.money == store.Refund {
			branch.TooEarly = busyWait
		}
		h := &MoneyHandler{Money: c.money, Rows: b, Answers: b, Banks: map[store.System]Branch{store.Trade: branch}, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
		task := refundTask(t, "R1")
		if c.money == store.Settlement {
			task = settleTask(t, "R1")
		}
		_ = h.ProcessTask(t.Context(), task)
		if i := b.rows["R1"]; i.State == store.MoneySending { // before its lag is over
			long(i)
			_ = h.ProcessTask(t.Context(), task)
		}
		i := b.rows["R1"]
		if line(*i) != c.want || i.Attempts != 1 || i.State != store.MoneySubmitted && !strings.HasPrefix(i.Message, "words") {
			t.Errorf("%s: %s (%q), want %s", name, line(*i), i.Message, c.want)
		}
		if name == "23117" && !strings.Contains(i.Message, trade.ErrAutoSettle.Error()) {
			t.Errorf("23117: %q", i.Message)
		}
	}
}

// Without what its system needs an instruction waits, in words, and not in a loop.
func TestAnInstructionOfASystemThatIsNotConfiguredWaits(t *testing.T) {
	for name, c := range map[string]struct {
		row  store.Instruction
		want string
	}{
		"new":       {ours(), "new, waiting, due in 1h0m0s"},
		"submitted": {func() store.Instruction { i := accepted(); i.System = store.Trade; return i }(), "submitted, waiting, due in 1h0m0s"},
	} {
		b := newBooks(c.row)
		h := handler(b, &teller{t: t})
		h.Missing = map[store.System]string{store.Trade: "nothing of douyin.trade is set"}
		if err := h.ProcessTask(t.Context(), refundTask(t, "R1")); err != nil {
			t.Errorf("%s: told %v", name, err)
		}
		if i := b.rows["R1"]; line(*i) != c.want || i.Message != "nothing of douyin.trade is set" || i.PlatformNo != c.row.PlatformNo {
			t.Errorf("%s: %s (%q)", name, line(*i), i.Message)
		}
	}
}

func TestRefundsOfAPaymentAreAskedForAndAskedForAgain(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		age  time.Duration
		err  error
		want time.Duration // after the payment; 0: no more
		told string
	}{
		"the first time":       {day, nil, 3 * day, "done"},
		"early, on demand":     {time.Hour, nil, day, "done"},
		"the last time":        {30 * day, nil, 0, "done"},
		"none":                 {7 * day, unknown3101, 15 * day, "done"},
		"Douyin does not tell": {day, cutOff, 0, "failed"},
	} {
		o := &office{payment: paidPayment(), queryErr: c.err, refunds: []trade.RefundState{{OrderID: "motb1", RefundID: "7", Status: trade.Processing, Amount: 300, Source: 4}}}
		o.payment.RefundsDueAt = noon
		if c.err != nil {
			o.refunds = nil
		}
		now := noon.Add(c.age)
		h := &RefundsHandler{Rows: o, Bank: o.bank(), Now: func() time.Time { return now }, Log: zerolog.Nop()}
		task, err := tasks.AskRefunds{OutOrderNo: "out-1"}.Task()
		if err != nil {
			t.Fatal(err)
		}
		if got := told(h.ProcessTask(t.Context(), task)); got != c.told {
			t.Errorf("%s: told %s", name, got)
		}
		var until time.Time
		if c.want > 0 {
			until = noon.Add(c.want)
		}
		if (len(o.postponed) == 1) != (c.told == "done") || !o.until.Equal(until) || len(o.postponed) == 1 && !o.postponed[0].DueAt.Equal(noon) {
			t.Errorf("%s: asked again at %v, want %v; %v", name, o.until, until, o.postponed)
		}
		if c.err == nil && (len(o.heard) != 1 || o.heard[0].Number != "DY7" || o.heard[0].Origin != store.OriginService || o.heard[0].OutOrderNo != "out-1") {
			t.Errorf("%s: written down %+v", name, o.heard)
		}
	}
}
