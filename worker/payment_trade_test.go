package worker

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
)

type tradeCheckout struct {
	answer trade.PaymentState
	err    error
	asked  []string
}

func (d *tradeCheckout) QueryOrder(_ context.Context, no, orderID string) (trade.PaymentState, douyin.Receipt, error) {
	d.asked = append(d.asked, no+"|"+orderID)
	return d.answer, douyin.Receipt{}, d.err
}

func TestAPaymentOfTradeIsAskedFor(t *testing.T) {
	t.Parallel()
	valid := noon.Add(time.Hour)
	items := []trade.OrderItem{{ItemOrderID: "motb3", SkuID: "7", Amount: 1230}}
	of := func(status trade.Result, items ...trade.OrderItem) trade.PaymentState {
		return trade.PaymentState{OrderID: "motb1", OutOrderNo: "O1", Status: status, TotalAmount: 1230, DiscountAmount: 30, PayChannel: "10", PaidAt: noon, Items: items}
	}
	notFound := &douyin.Error{Op: trade.OpOrderQuery, Kind: douyin.Rejected, Err: douyin.ErrNotFound}
	unavailable := &douyin.Error{Op: trade.OpOrderQuery, Kind: douyin.Unavailable}
	for name, c := range map[string]struct {
		now       time.Time
		answer    trade.PaymentState
		err       error
		heard     store.PaymentState
		due       time.Time
		forgotten bool
		gaveUp    bool
	}{
		"paid":                        {now: noon, answer: of(trade.Success, items...), heard: store.PaymentSuccess},
		"paid, and no items":          {now: noon, answer: of(trade.Success), heard: store.PaymentSuccess, due: noon.Add(2 * time.Minute)},
		"paid, and never any items":   {now: valid.Add(25 * time.Hour), answer: of(trade.Success), heard: store.PaymentSuccess, forgotten: true},
		"not yet":                     {now: noon, answer: of(trade.Process), heard: store.PaymentProcess, due: noon.Add(2 * time.Minute)},
		"a word that nobody knows":    {now: noon, answer: of("WAITING"), heard: store.PaymentProcess, due: noon.Add(2 * time.Minute)},
		"closed":                      {now: noon, answer: of(trade.Timeout), heard: store.PaymentTimeout},
		"failed, and may be paid yet": {now: noon, answer: of(trade.Fail), due: noon.Add(2 * time.Minute)},
		"failed in the end":           {now: valid.Add(2 * time.Minute), answer: of(trade.Fail), heard: store.PaymentFail, forgotten: true},
		"not requested yet":           {now: noon, err: notFound, due: noon.Add(2 * time.Minute)},
		"never requested":             {now: valid.Add(2 * time.Minute), err: notFound, forgotten: true},
		"no answer":                   {now: noon, err: unavailable, due: noon.Add(2 * time.Minute)},
		"no answer for a day":         {now: valid.Add(25 * time.Hour), err: unavailable, gaveUp: true},
	} {
		rows := &tills{row: store.PaymentAsk{OutOrderNo: "O1", System: store.Trade, ValidUntil: valid}}
		ecpay, bank := &checkout{}, &tradeCheckout{answer: c.answer, err: c.err}
		h := &PaymentHandler{Rows: rows, Douyin: ecpay, Trade: bank, Now: func() time.Time { return c.now }, Log: zerolog.Nop()}
		if err := h.ProcessTask(t.Context(), paymentTask(t, "O1")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		heard := store.PaymentState("")
		if len(rows.heard) > 0 {
			heard = rows.heard[0].State
		}
		if heard != c.heard || !rows.due.Equal(c.due) || rows.forgotten != c.forgotten || rows.gaveUp != c.gaveUp || ecpay.asked != 0 || !reflect.DeepEqual(bank.asked, []string{"O1|"}) {
			t.Errorf("%s: %+v, asked %v, ecpay %d times", name, rows, bank.asked, ecpay.asked)
		}
		if want := (store.TradePayment{
			OutOrderNo: "O1", DouyinOrderID: "motb1", State: store.PaymentSuccess, Total: 1230, Discount: 30, Way: "10", PaidAt: noon, At: noon,
			Items: []store.PaymentItem{{ItemOrderID: "motb3", SkuID: "7", Amount: 1230}},
		}); name == "paid" && !reflect.DeepEqual(rows.heard[0], want) {
			t.Errorf("heard %+v", rows.heard[0])
		}
	}
}

// Without a salt nothing of ecpay can be asked, and those of trade are all the same.
func TestAPaymentOfASystemThatIsNotSetUpWaits(t *testing.T) {
	t.Parallel()
	for _, system := range store.Systems() {
		rows := &tills{row: store.PaymentAsk{OutOrderNo: "O1", System: system, ValidUntil: noon.Add(time.Hour)}}
		h := &PaymentHandler{Rows: rows, Now: func() time.Time { return noon }, Log: zerolog.Nop()}
		if err := h.ProcessTask(t.Context(), paymentTask(t, "O1")); err != nil || !rows.due.Equal(noon.Add(2*time.Minute)) || !strings.Contains(rows.message, string(system)) {
			t.Errorf("%s: %v, %+v", system, err, rows)
		}
	}
}

func TestNewsInDiamondsAreDiamonds(t *testing.T) {
	t.Parallel()
	n := TradeNews(trade.PaymentState{
		Status: trade.Success, Currency: trade.Diamond, TotalAmount: 1000, TotalDiamonds: 100,
		Items: []trade.OrderItem{{ItemOrderID: "i", Amount: 1000, Diamonds: 100}},
	}, noon)
	if n.Total != 100 || n.Items[0].Amount != 100 || n.Currency != "DIAMOND" || !n.PaidAt.Equal(noon) {
		t.Errorf("%+v", n)
	}
}
