package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// tills are the payments that nobody has confirmed, and what was written down of them.
type tills struct {
	row       store.PaymentAsk
	gone      bool
	err       error
	due       time.Time
	message   string
	gaveUp    bool
	forgotten bool
	confirmed store.Callback
	heard     []store.TradePayment
}

func (r *tills) PaymentAsk(context.Context, string) (store.PaymentAsk, bool, error) {
	return r.row, !r.gone, r.err
}

func (r *tills) PostponePaymentAsk(_ context.Context, _ string, due time.Time, message string) error {
	r.due, r.message = due, message
	return nil
}

func (r *tills) GiveUpPaymentAsk(_ context.Context, _ store.PaymentAsk, _ time.Time, message string) error {
	r.gaveUp, r.message = true, message
	return nil
}

func (r *tills) ForgetPayment(context.Context, store.PaymentAsk) error {
	r.forgotten = true
	return nil
}

func (r *tills) ConfirmPayment(_ context.Context, c store.Callback) (store.Accepted, error) {
	r.confirmed = c
	return store.Accepted{Fresh: true, OrderID: "1"}, nil
}

func (r *tills) HearTradePayment(_ context.Context, n store.TradePayment) (store.Accepted, error) {
	r.heard = append(r.heard, n)
	return store.Accepted{Fresh: true, OrderID: "1"}, nil
}

type checkout struct {
	answer douyin.OrderPayment
	err    error
	asked  int
}

func (d *checkout) QueryOrder(context.Context, string) (douyin.OrderPayment, douyin.Receipt, error) {
	d.asked++
	return d.answer, douyin.Receipt{}, d.err
}

// A payment whose callback is lost was never heard of.
func TestAPaymentWithoutACallbackIsAskedFor(t *testing.T) {
	t.Parallel()
	paid := douyin.OrderPayment{Status: douyin.ResultSuccess, TotalFee: 1230, OrderID: "N7", Way: 10, PayTime: "2026-05-01 20:00:00"}
	unavailable := &douyin.Error{Op: douyin.OpOrderQuery, Kind: douyin.Unavailable}
	notFound := &douyin.Error{Op: douyin.OpOrderQuery, Kind: douyin.Rejected, Err: douyin.ErrNotFound}
	valid := noon.Add(time.Hour)
	for name, c := range map[string]struct {
		now       time.Time
		asks      int
		answer    douyin.OrderPayment
		err       error
		due       time.Time
		forgotten bool
		gaveUp    bool
		paid      bool
	}{
		"paid":                       {now: noon, answer: paid, paid: true},
		"not yet":                    {now: noon, answer: douyin.OrderPayment{Status: douyin.ResultProcessing}, due: noon.Add(2 * time.Minute)},
		"not yet, later":             {now: noon, asks: 3, answer: douyin.OrderPayment{Status: douyin.ResultProcessing}, due: noon.Add(30 * time.Minute)},
		"the last time":              {now: noon.Add(50 * time.Minute), asks: 9, answer: douyin.OrderPayment{Status: douyin.ResultProcessing}, due: valid.Add(2 * time.Minute)},
		"never paid":                 {now: noon, answer: douyin.OrderPayment{Status: douyin.ResultTimeout}, forgotten: true},
		"failed":                     {now: noon, answer: douyin.OrderPayment{Status: douyin.ResultFail}, due: noon.Add(2 * time.Minute)},
		"failed in the end":          {now: valid.Add(2 * time.Minute), answer: douyin.OrderPayment{Status: douyin.ResultFail}, forgotten: true},
		"not known yet":              {now: noon, err: notFound, due: noon.Add(2 * time.Minute)},
		"not known in the end":       {now: valid.Add(2 * time.Minute), err: notFound, forgotten: true},
		"no answer":                  {now: noon, err: unavailable, due: noon.Add(2 * time.Minute)},
		"no answer, for longer":      {now: valid.Add(time.Hour), asks: 20, err: unavailable, due: valid.Add(90 * time.Minute)},
		"no answer for a day":        {now: valid.Add(25 * time.Hour), err: unavailable, gaveUp: true},
		"still under way in the end": {now: valid.Add(25 * time.Hour), answer: douyin.OrderPayment{Status: douyin.ResultProcessing}, gaveUp: true},
	} {
		rows := &tills{row: store.PaymentAsk{OutOrderNo: "O1", ValidUntil: valid, Asks: c.asks}}
		pushed := ""
		h := &PaymentHandler{
			Rows: rows, Douyin: &checkout{answer: c.answer, err: c.err}, Now: func() time.Time { return c.now }, Log: zerolog.Nop(),
			Changed: func(_ context.Context, id string) error { pushed = id; return nil },
		}
		if err := h.ProcessTask(t.Context(), paymentTask(t, "O1")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !rows.due.Equal(c.due) || rows.forgotten != c.forgotten || rows.gaveUp != c.gaveUp || (pushed == "1") != c.paid {
			t.Errorf("%s: %+v", name, rows)
		}
		if got := rows.confirmed; c.paid && (got.Number != "O1" || got.Amount != 1230 || got.PlatformNo != "N7" || got.Way != "10" || !got.FinishedAt.Equal(noon)) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAPaymentThatIsConfirmedIsNotAskedFor(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]*tills{
		"confirmed": {gone: true}, "given up": {row: store.PaymentAsk{Alarm: store.AlarmUnanswered}},
	} {
		bank := &checkout{}
		h := &PaymentHandler{Rows: rows, Douyin: bank, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
		if err := h.ProcessTask(t.Context(), paymentTask(t, "O1")); err != nil || bank.asked != 0 {
			t.Errorf("%s: %v, asked %d times", name, err, bank.asked)
		}
	}
	rows := &tills{row: store.PaymentAsk{OutOrderNo: "O1", ValidUntil: noon.Add(time.Hour), Asks: 5}}
	h := &PaymentHandler{Rows: rows, Douyin: &checkout{err: errors.New("no answer")}, Steps: []time.Duration{time.Second, 3 * time.Second}, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
	if err := h.ProcessTask(t.Context(), paymentTask(t, "O1")); err != nil || !rows.due.Equal(noon.Add(3*time.Second)) {
		t.Errorf("with steps of its own: %v, due %v", err, rows.due)
	}
	h = &PaymentHandler{Rows: &tills{err: errors.New("gone away")}, Douyin: &checkout{}, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
	if err := h.ProcessTask(t.Context(), paymentTask(t, "O1")); err == nil || errors.Is(err, asynq.SkipRetry) {
		t.Errorf("the database is away: %v", err)
	}
	if err := h.ProcessTask(t.Context(), asynq.NewTask(tasks.TypePayment, []byte(`{}`))); !errors.Is(err, asynq.SkipRetry) {
		t.Errorf("a payload that is none: %v", err)
	}
}

func paymentTask(t *testing.T, no string) *asynq.Task {
	t.Helper()
	task, err := tasks.AskPayment{OutOrderNo: no}.Task()
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// A time that no column takes would be asked for until the payment is given up.
func TestAPayTimeOutsideTheYears2000To2100IsNow(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]time.Time{
		"0001-01-01 00:00:00": noon, "1999-12-31 23:59:59": noon, "9999-12-31 23:59:59": noon, "": noon, "2026-05-01 20:00:00": time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	} {
		if got := payTime(told, noon); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", told, got, want)
		}
	}
}
