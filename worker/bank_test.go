package worker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

// till is Douyin's client: it keeps what it was asked.
type till struct {
	refund     douyin.Refund
	settlement douyin.Settlement
	asked      string
	left       int64
	err        error
}

func (d *till) CreateRefund(_ context.Context, f douyin.Refund) (string, douyin.Receipt, error) {
	d.refund = f
	return "D1", douyin.Receipt{LogID: "L1"}, d.err
}

func (d *till) QueryRefund(_ context.Context, no string) (douyin.RefundState, douyin.Receipt, error) {
	d.asked = no
	return douyin.RefundState{RefundNo: "D1", Status: douyin.ResultFail, Amount: 700, Message: "余额不足"}, douyin.Receipt{LogID: "L1"}, d.err
}

func (d *till) Settle(_ context.Context, s douyin.Settlement) (string, douyin.Receipt, error) {
	d.settlement = s
	return "D2", douyin.Receipt{LogID: "L2"}, d.err
}

func (d *till) QuerySettle(_ context.Context, no string) (douyin.SettleState, douyin.Receipt, error) {
	d.asked = no
	return douyin.SettleState{SettleNo: "D2", Status: douyin.ResultSuccess, Amount: 693}, douyin.Receipt{LogID: "L2"}, d.err
}

func (d *till) UnsettleAmount(_ context.Context, no string) (douyin.Unsettled, douyin.Receipt, error) {
	d.asked = no
	return douyin.Unsettled{Amount: d.left}, douyin.Receipt{}, d.err
}

// newSettlement is S1 of order 1.
func newSettlement() store.Instruction {
	return store.Instruction{
		Money: store.Settlement, Number: "S1", OrderID: "1", OutOrderNo: "out-1", Text: "分账", State: store.MoneyNew, Finish: true,
		Params: `[{"merchant_uid":"7","amount":10}, {"merchant_uid":"8","amount":20}]`, Options: `{"cp_extra":"x","notify_url":"https://shop.example/"}`,
	}
}

func TestARefundIsSentAsItWasWrittenDown(t *testing.T) {
	d := &till{}
	i := newRefund()
	i.Options = `{"cp_extra":"x","notify_url":"https://shop.example/","disable_msg":true,"msg_page":"pages/a"}`
	no, r, err := Refunds{d, d}.Send(t.Context(), i)
	want := douyin.Refund{
		OutOrderNo: "out-1", OutRefundNo: "R1", Amount: 700, Reason: "用户取消订单", CPExtra: "x", NotifyURL: "https://shop.example/", DisableMsg: true, MsgPage: "pages/a",
	}
	if err != nil || no != "D1" || r.LogID != "L1" || d.refund != want {
		t.Errorf("%q, %v: sent %+v, want %+v", no, err, d.refund, want)
	}
	s, r, err := Refunds{d, d}.Query(t.Context(), i)
	if err != nil || d.asked != "R1" || r.LogID != "L1" || s != (Standing{Result: douyin.ResultFail, PlatformNo: "D1", Amount: 700, Message: "余额不足"}) {
		t.Errorf("asked %q: %+v, %v", d.asked, s, err)
	}
	if _, err := (Refunds{}).Prepare(t.Context(), i); err != nil {
		t.Error(err)
	}
}

func TestASettlementIsSentAsItWasWrittenDown(t *testing.T) {
	d := &till{}
	no, r, err := Settlements{d, d}.Send(t.Context(), newSettlement())
	want := douyin.Settlement{
		OutOrderNo: "out-1", OutSettleNo: "S1", Desc: "分账", Params: `[{"merchant_uid":"7","amount":10}, {"merchant_uid":"8","amount":20}]`, Finish: true,
		CPExtra: "x", NotifyURL: "https://shop.example/",
	}
	if err != nil || no != "D2" || r.LogID != "L2" || d.settlement != want {
		t.Errorf("%q, %v: sent %+v, want %+v", no, err, d.settlement, want)
	}
	s, _, err := Settlements{d, d}.Query(t.Context(), newSettlement())
	if err != nil || d.asked != "S1" || s != (Standing{Result: douyin.ResultSuccess, PlatformNo: "D2", Amount: 693}) {
		t.Errorf("asked %q: %+v, %v", d.asked, s, err)
	}
}

func TestASettlementIsCheckedAgainstWhatIsLeft(t *testing.T) {
	for name, c := range map[string]struct {
		left   int64
		params string
		err    error
		want   string // of the error; empty: none
	}{
		"enough":                         {31, newSettlement().Params, nil, ""},
		"just enough":                    {30, newSettlement().Params, nil, ""},
		"a fen too little":               {29, newSettlement().Params, nil, "Douyin has 0.29 yuan of this order left to settle, the receivers ask for 0.30"},
		"nothing left":                   {0, newSettlement().Params, nil, "nothing of this order left"},
		"nothing left for the seller":    {0, "", nil, "nothing of this order left"},
		"less than nothing":              {-5, "", nil, "nothing of this order left"},
		"all to the seller":              {1, "", nil, ""},
		"Douyin refuses to tell":         {0, "", refused2010, ""},
		"the configuration is wrong":     {0, "", badSign2008, "2008"},
		"Douyin does not know the order": {0, "", unknown3101, ""},
		"no answer":                      {0, "", cutOff, "deadline"},
		"the breaker is open":            {0, "", paused, "paused"},
		"params that nobody can read":    {31, "{", nil, "ordersync_settlement.settle_params is not as it was written down"},
	} {
		i := newSettlement()
		i.Params = c.params
		_, err := Settlements{nil, &till{left: c.left, err: c.err}}.Prepare(t.Context(), i)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		var nothing *NothingToMoveError
		if ends := errors.As(err, &nothing); ends != strings.Contains(c.want, "left") {
			t.Errorf("%s: ends the settlement: %v", name, ends)
		}
	}
}

func checked(_ store.Instruction, err error) error { return err }

func TestOptionsThatCannotBeReadAreNotSent(t *testing.T) {
	d := &till{}
	r, s := newRefund(), newSettlement()
	r.Options, s.Options = "{", "{"
	_, _, refund := Refunds{d, d}.Send(t.Context(), r)
	_, _, settlement := Settlements{d, d}.Send(t.Context(), s)
	for what, c := range map[string]struct {
		err    error
		column string
	}{
		"a refund":             {refund, "ordersync_refund.options"},
		"a refund's check":     {checked(Refunds{d, d}.Prepare(t.Context(), r)), "ordersync_refund.options"},
		"a settlement":         {settlement, "ordersync_settlement.options"},
		"a settlement's check": {checked(Settlements{d, d}.Prepare(t.Context(), s)), "ordersync_settlement.options"},
	} {
		var corrupt *CorruptRowError
		if !errors.As(c.err, &corrupt) || corrupt.Table+"."+corrupt.Column != c.column {
			t.Errorf("%s: %v, want a *CorruptRowError about %s", what, c.err, c.column)
		}
	}
	if d.refund.OutRefundNo+d.settlement.OutSettleNo+d.asked != "" {
		t.Errorf("Douyin was asked: %+v", d)
	}
}

// The bugs: an amount that somebody had edited was sent as it stood, whatever had been paid; a
// negative one ended as a refusal of Douyin's, and nobody was told.
func TestWhatSomebodyHasEditedIsNotSent(t *testing.T) {
	for name, edit := range map[string]string{
		"more":      "UPDATE ordersync_refund SET amount_fen = 100000",
		"negative":  "UPDATE ordersync_refund SET amount_fen = -700",
		"nothing":   "UPDATE ordersync_refund SET amount_fen = 0",
		"the words": "UPDATE ordersync_refund SET reason = 'x'",
		"the order": "UPDATE ordersync_refund SET order_id = '2' WHERE out_refund_no = 'N1'",
	} {
		t.Run(name, func(t *testing.T) {
			s, db := realStoreAndDB(t, store.Refund)
			if err := db.Exec(edit).Error; err != nil {
				t.Fatal(err)
			}
			d := &till{}
			bank := asked{Refunds{d, d}, &teller{t: t, queries: []said{{err: unknown3101}}}}
			h := &MoneyHandler{Money: store.Refund, Rows: s, Answers: s, Banks: ecpay(bank), Now: func() time.Time { return noon }, Log: zerolog.Nop()}
			if err := h.ProcessTask(t.Context(), refundTask(t, "N1")); err != nil {
				t.Fatal(err)
			}
			i, _, err := s.Instruction(t.Context(), store.Refund, "N1")
			if err != nil || i.State != store.MoneyFailed || i.Alarm != store.AlarmUnreadable || d.refund.OutRefundNo != "" {
				t.Errorf("%s (%s), %v; sent %+v", line(i), i.Message, err, d.refund)
			}
		})
	}
}

// asked is a Bank of which a teller answers the questions.
type asked struct {
	Refunds
	teller *teller
}

func (b asked) Query(ctx context.Context, i store.Instruction) (Standing, douyin.Receipt, error) {
	return b.teller.Query(ctx, i)
}

// The bug: a settlement whose settle_params nobody can read was tried again for ever, and nobody
// was told.
func TestARowThatCannotBeReadEndsAndNamesItsColumn(t *testing.T) {
	const message = "ordersync_settlement.settle_params is not as it was written down"
	corrupt := newSettlement()
	corrupt.Params = `[{"merchant_uid":"7","amount":"ten"}]`
	spoilt := func(ago time.Duration) store.Instruction { // after it was sent; nobody knows what became of it
		i := sentAgo(ago)
		i.Money, i.Number, i.Options, i.Params = store.Settlement, "S1", "", corrupt.Params
		return i
	}
	sent, lately, ended := spoilt(time.Hour), spoilt(time.Minute), spoilt(answerGrace)
	ended.Refused, ended.Kind, ended.Message = kindIncomplete, kindIncomplete, message
	for _, c := range []struct {
		name    string
		row     store.Instruction
		queries []said
		line    string
		message string
	}{
		{"nothing was sent", corrupt, []said{{err: unknown3101}}, "failed, incomplete, alarm unreadable", message},
		{"nothing was sent, says the row, and it has succeeded", corrupt, []said{success}, "succeeded", ""},
		{"it was sent, and Douyin does not know it", sent, []said{{err: unknown3101}, {err: unknown3101}}, "sending, incomplete, due in 2m0s", message},
		{"it was sent, and Douyin does not know it in the end", ended, []said{{err: unknown3101}}, "failed, incomplete, alarm unreadable", message},
		{"it was sent lately", lately, []said{{err: unknown3101}, {err: unknown3101}}, "sending, incomplete, due in 2m0s", message},
		{"it was sent and has succeeded", sent, []said{success}, "succeeded", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, d := newBooks(c.row), &till{left: 1000}
			h := handler(b, corruptBank{Settlements{d, d}, &teller{t: t, queries: c.queries}})
			h.Money = store.Settlement
			if err := h.ProcessTask(t.Context(), settleTask(t, "S1")); err != nil {
				t.Fatal(err)
			}
			if i := b.rows["S1"]; line(*i) != c.line || !strings.Contains(i.Message, c.message) {
				t.Errorf("%s (%q), want %s (%q)", line(*i), i.Message, c.line, c.message)
			}
			if d.settlement.OutSettleNo != "" {
				t.Errorf("sent %+v", d.settlement)
			}
		})
	}
}

// corruptBank is asked by a teller.
type corruptBank struct {
	Settlements
	asked *teller
}

func (b corruptBank) Query(ctx context.Context, i store.Instruction) (Standing, douyin.Receipt, error) {
	return b.asked.Query(ctx, i)
}
