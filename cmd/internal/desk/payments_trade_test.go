package desk

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// tradeBook is the table of payments, Douyin and the signer at once.
type tradeBook struct {
	rows   map[string]store.Payment
	made   []store.Payment
	ask    store.PaymentAsk
	heard  []store.TradePayment
	answer trade.PaymentState
	err    error // Douyin's
	asked  int
	signed []string
}

func (b *tradeBook) AnyPayment(_ context.Context, no string) (store.Payment, bool, error) {
	p, found := b.rows[no]
	return p, found, nil
}

func (b *tradeBook) MakeTradePayment(_ context.Context, p store.Payment, a store.PaymentAsk) (store.Payment, bool, error) {
	b.made, b.ask = append(b.made, p), a
	if before, found := b.rows[p.OutOrderNo]; found {
		if before.Fingerprint != p.Fingerprint {
			return store.Payment{}, false, &store.ConflictError{Number: p.OutOrderNo}
		}
		return before, false, nil
	}
	p.System, p.State = store.Trade, store.PaymentProcess
	b.rows[p.OutOrderNo] = p
	return p, true, nil
}

func (b *tradeBook) HearTradePayment(_ context.Context, n store.TradePayment) (store.Accepted, error) {
	b.heard = append(b.heard, n)
	p := b.rows[n.OutOrderNo]
	p.System, p.OutOrderNo, p.State, p.DouyinOrderID, p.Total, p.Items, p.PaidAt = store.Trade, n.OutOrderNo, n.State, n.DouyinOrderID, n.Total, n.Items, n.PaidAt
	b.rows[n.OutOrderNo] = p
	return store.Accepted{}, nil
}

func (b *tradeBook) QueryOrder(context.Context, string, string) (trade.PaymentState, douyin.Receipt, error) {
	b.asked++
	return b.answer, douyin.Receipt{}, b.err
}

func (b *tradeBook) SignRequest(data []byte) (trade.Signed, error) {
	b.signed = append(b.signed, string(data))
	return trade.Signed{Data: string(data), ByteAuthorization: fmt.Sprint("signature ", len(b.signed))}, nil
}

var tradeNow = time.Unix(1_700_000_000, 0)

func newTradeDesk() (*tradeBook, TradePayments) {
	b := &tradeBook{rows: map[string]store.Payment{}}
	return b, TradePayments{Rows: b, Signer: b, Douyin: b, Now: func() time.Time { return tradeNow }, Terms: TradeTerms{
		GoodsType: 401, TagGroupID: "tag_group_7272625659888041996", NotifyURL: "https://shop.example/cb", OrderPath: "pages/order/detail",
		OrderParams: map[string]string{"no": "{out_order_no}", "of": "a\"b<&>", "id": "{order_id}"},
	}}
}

func aTradePayment() gateway.TradePaymentRequest {
	return gateway.TradePaymentRequest{OutOrderNo: "T1", TotalAmount: 1230, Subject: "课程 <&>", Image: "https://shop.example/1.png?a=1&b=2"}
}

func TestWhatIsSignedIsMadeOfRequestAndConfiguration(t *testing.T) {
	t.Parallel()
	b, d := newTradeDesk()
	signed, err := d.SignPayment(t.Context(), aTradePayment())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"skuList":[{"skuId":"T1","price":1230,"quantity":1,"title":"课程 <&>","imageList":["https://shop.example/1.png?a=1&b=2"],"type":401,` +
		`"tagGroupId":"tag_group_7272625659888041996"}],"outOrderNo":"T1","totalAmount":1230,"payNotifyUrl":"https://shop.example/cb",` +
		`"orderEntrySchema":{"path":"pages/order/detail","params":"{\"no\":\"T1\",\"of\":\"a\\\"b<&>\"}"}}`
	if signed.Data != want || signed.ByteAuthorization != "signature 1" {
		t.Errorf("%s\nwant\n%s\n%s", signed.Data, want, signed.ByteAuthorization)
	}
	due := tradeNow.Add(time.Minute)
	if want := (store.PaymentAsk{ValidUntil: tradeNow.Add(65 * time.Minute), DueAt: &due, CreatedAt: tradeNow}); !reflect.DeepEqual(b.ask, want) {
		t.Errorf("expected as %+v", b.ask)
	}
	quantity, price := 2, int64(700)
	full := gateway.TradePaymentRequest{
		OutOrderNo: "T2", TotalAmount: 1230, Subject: "s", Image: "http://shop.example/1.png", ValidTime: 600, SkuID: "k", Quantity: &quantity, Price: &price,
		GoodsType: 404, TagGroupID: "tag_group_1", SkuAttr: `{"a":1}`, Currency: "CNY", OrderPage: &gateway.TradePage{Path: "pages/a"},
		SkuPage: &gateway.TradePage{Path: "pages/b", Params: `{"k":"1"}`}, MerchantUID: "m", HidePayWays: []int{2, 1}, PayScene: "IM", PromotionID: "p", NotifyURL: "https://other.example/",
	}
	signed, err = d.SignPayment(t.Context(), full)
	if err != nil {
		t.Fatal(err)
	}
	const wantFull = `{"skuList":[{"skuId":"k","price":700,"quantity":2,"title":"s","imageList":["http://shop.example/1.png"],"type":404,"tagGroupId":"tag_group_1",` +
		`"entrySchema":{"path":"pages/b","params":"{\"k\":\"1\"}"},"skuAttr":"{\"a\":1}"}],"outOrderNo":"T2","totalAmount":1230,"payExpireSeconds":600,` +
		`"payNotifyUrl":"https://other.example/","merchantUid":"m","orderEntrySchema":{"path":"pages/a"},"limitPayWayList":[2,1],"payScene":"IM","promotionId":"p"}`
	if signed.Data != wantFull {
		t.Errorf("%s\nwant\n%s", signed.Data, wantFull)
	}
	if !b.ask.ValidUntil.Equal(tradeNow.Add(70 * time.Minute)) {
		t.Errorf("expected until %v", b.ask.ValidUntil)
	}
}

// What the shop asked for counts, and not what the configuration makes of it today.
func TestTheSameContentIsSignedAgainWhateverTheConfiguration(t *testing.T) {
	t.Parallel()
	b, d := newTradeDesk()
	first, err := d.SignPayment(t.Context(), aTradePayment())
	if err != nil {
		t.Fatal(err)
	}
	d.Terms = TradeTerms{} // nothing of it could be made today
	one, price, same := 1, int64(1230), aTradePayment()
	same.Quantity, same.Price, same.SkuID, same.Currency, same.HidePayWays = &one, &price, "T1", "CNY", []int{}
	for _, r := range []gateway.TradePaymentRequest{aTradePayment(), same} {
		again, err := d.SignPayment(t.Context(), r)
		if err != nil || again.Data != first.Data || again.ByteAuthorization == first.ByteAuthorization {
			t.Errorf("%+v, %v", again, err)
		}
	}
	_, d = newTradeDesk()
	d.Rows = b
	for name, change := range map[string]func(*gateway.TradePaymentRequest){
		"total_amount": func(r *gateway.TradePaymentRequest) { r.TotalAmount++ }, "subject": func(r *gateway.TradePaymentRequest) { r.Subject = "s" },
		"image": func(r *gateway.TradePaymentRequest) { r.Image += "1" }, "valid_time": func(r *gateway.TradePaymentRequest) { r.ValidTime = 300 },
		"sku_id": func(r *gateway.TradePaymentRequest) { r.SkuID = "k" }, "price": func(r *gateway.TradePaymentRequest) { p := int64(1240); r.Price = &p },
		"goods_type":   func(r *gateway.TradePaymentRequest) { r.GoodsType = 301 },
		"tag_group_id": func(r *gateway.TradePaymentRequest) { r.TagGroupID = "tag_group_1" },
		"sku_attr":     func(r *gateway.TradePaymentRequest) { r.SkuAttr = "{}" }, "currency": func(r *gateway.TradePaymentRequest) { r.Currency = "DIAMOND" },
		"order_page":   func(r *gateway.TradePaymentRequest) { r.OrderPage = &gateway.TradePage{Path: "p"} },
		"sku_page":     func(r *gateway.TradePaymentRequest) { r.SkuPage = &gateway.TradePage{Path: "p"} },
		"merchant_uid": func(r *gateway.TradePaymentRequest) { r.MerchantUID = "m" }, "hide_pay_ways": func(r *gateway.TradePaymentRequest) { r.HidePayWays = []int{1} },
		"pay_scene": func(r *gateway.TradePaymentRequest) { r.PayScene = "IM" }, "promotion_id": func(r *gateway.TradePaymentRequest) { r.PromotionID = "p" },
		"notify_url": func(r *gateway.TradePaymentRequest) { r.NotifyURL = "https://other.example/" },
	} {
		r := aTradePayment()
		change(&r)
		if _, err := d.SignPayment(t.Context(), r); !errors.Is(err, gateway.ErrConflict) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	// The fingerprint is in the database: it must never change.
	if got := b.rows["T1"].Fingerprint; got != "5985f8a8400b79ee9c2de08f6573904f38bb7ba51533c0c1b6bdea69547372fe" {
		t.Errorf("fingerprint %s", got)
	}
}

// Douyin answers every mistake as if the signature were wrong.
func TestAWrongPaymentIsRefusedByTheCallersOwnName(t *testing.T) {
	t.Parallel()
	n := func(v int) *int { return &v }
	m := func(v int64) *int64 { return &v }
	long := strings.Repeat("a", 513)
	for name, c := range map[string]struct {
		change func(r *gateway.TradePaymentRequest, t *TradeTerms)
		field  string
		says   string
	}{
		"no number":            {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.OutOrderNo = "" }, "out_order_no", "missing"},
		"a number of Chinese":  {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.OutOrderNo = "单" }, "out_order_no", "letters"},
		"no amount":            {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.TotalAmount = 0 }, "total_amount", "1"},
		"no subject":           {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Subject = "" }, "subject", "missing"},
		"a long subject":       {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Subject = long }, "subject", "256"},
		"no image":             {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Image = "" }, "image", "missing"},
		"a long image":         {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Image = "https://x.cn/" + long }, "image", "512"},
		"an image of a disk":   {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Image = "/1.png" }, "image", "address"},
		"a long time":          {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.ValidTime = 172801 }, "valid_time", "172800"},
		"a long sku_id":        {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.SkuID = long }, "sku_id", "64"},
		"no quantity":          {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Quantity = n(0) }, "quantity", "100"},
		"too many":             {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Quantity = n(101) }, "quantity", "100"},
		"a price of zero":      {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Price = m(0) }, "price", "1"},
		"no whole price":       {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Quantity = n(7) }, "price", "1230"},
		"more than the price":  {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Price = m(1229) }, "total_amount", "1229"},
		"a currency":           {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Currency = "USD" }, "currency", "DIAMOND"},
		"two for diamonds":     {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.Currency, r.Quantity = "DIAMOND", n(2) }, "quantity", "DIAMOND"},
		"a group":              {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.TagGroupID = "705" }, "tag_group_id", "rule group"},
		"no skuAttr":           {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.GoodsType = 404 }, "sku_attr", "404"},
		"skuAttr of a list":    {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.SkuAttr = "[]" }, "sku_attr", "object"},
		"a page with a slash":  {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.OrderPage = &gateway.TradePage{Path: "/p"} }, "order_page.path", "/"},
		"a page without a way": {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.OrderPage = &gateway.TradePage{} }, "order_page.path", "missing"},
		"params of goods": {func(r *gateway.TradePaymentRequest, _ *TradeTerms) {
			r.SkuPage = &gateway.TradePage{Path: "p", Params: "a=1"}
		}, "sku_page.params", "object"},
		"a merchant":         {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.MerchantUID = long }, "merchant_uid", "64"},
		"a way to pay":       {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.HidePayWays = []int{3} }, "hide_pay_ways", "WeChat"},
		"a scene":            {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.PayScene = long }, "pay_scene", "64"},
		"a promotion":        {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.PromotionID = long }, "promotion_id", "64"},
		"a plain notify_url": {func(r *gateway.TradePaymentRequest, _ *TradeTerms) { r.NotifyURL = "http://x.cn" }, "notify_url", "https"},
		"no goods type":      {func(_ *gateway.TradePaymentRequest, t *TradeTerms) { t.GoodsType = 0 }, "goods_type", "douyin.trade.goods_type"},
		"no group":           {func(_ *gateway.TradePaymentRequest, t *TradeTerms) { t.TagGroupID = "" }, "tag_group_id", "douyin.trade.tag_group_id"},
		"no page":            {func(_ *gateway.TradePaymentRequest, t *TradeTerms) { t.OrderPath, t.OrderParams = "", nil }, "order_page", "douyin.trade.order_page"},
		"our notify_url":     {func(_ *gateway.TradePaymentRequest, t *TradeTerms) { t.NotifyURL = "http://x.cn" }, "notify_url", "douyin.notify_url"},
		"our group":          {func(_ *gateway.TradePaymentRequest, t *TradeTerms) { t.TagGroupID = "401" }, "tag_group_id", "douyin.trade.tag_group_id"},
	} {
		b, d := newTradeDesk()
		r := aTradePayment()
		c.change(&r, &d.Terms)
		_, err := d.SignPayment(t.Context(), r)
		var payload *tasks.PayloadError
		if !errors.As(err, &payload) || payload.Field != c.field || !strings.Contains(payload.Reason, c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if len(b.made) > 0 || len(b.signed) > 0 {
			t.Errorf("%s: written down or signed all the same", name)
		}
	}
	_, d := newTradeDesk()
	d.Terms.PlainNotify, d.Terms.NotifyURL = true, "http://127.0.0.1:1/cb" // the simulator's
	if _, err := d.SignPayment(t.Context(), aTradePayment()); err != nil {
		t.Error(err)
	}
	d.Signer = nil
	if _, err := d.SignPayment(t.Context(), aTradePayment()); !errors.Is(err, gateway.ErrNotSetUp) {
		t.Errorf("without a key: %v", err)
	}
}

func TestAPaymentOfTradeIsToldFromItsRowOrByDouyin(t *testing.T) {
	t.Parallel()
	items := []store.PaymentItem{{ItemOrderID: "i", SkuID: "k", Amount: 5}}
	gone := &douyin.Error{Kind: douyin.Rejected, Err: douyin.ErrNotFound}
	away := &douyin.Error{Kind: douyin.Unavailable}
	answer := trade.PaymentState{OutOrderNo: "T1", OrderID: "motb1", Status: trade.Success, TotalAmount: 5, Items: []trade.OrderItem{{ItemOrderID: "i", SkuID: "k", Amount: 5}}}
	for name, c := range map[string]struct {
		row   *store.Payment
		err   error
		asked int
		heard int
		want  string
		fails bool
	}{
		"paid, and all is known":        {&store.Payment{State: store.PaymentSuccess, Items: items}, away, 0, 0, "SUCCESS", false},
		"closed":                        {&store.Payment{State: store.PaymentCancel}, away, 0, 0, "CANCEL", false},
		"closed by Douyin":              {&store.Payment{State: store.PaymentTimeout, DouyinOrderID: "motb1"}, away, 0, 0, "TIMEOUT", false},
		"paid, and no items":            {&store.Payment{State: store.PaymentSuccess}, nil, 1, 1, "SUCCESS", false},
		"paid, and Douyin is away":      {&store.Payment{State: store.PaymentSuccess}, away, 1, 0, "SUCCESS", false},
		"not requested yet":             {&store.Payment{State: store.PaymentProcess}, gone, 1, 0, "PROCESS", false},
		"never requested":               {&store.Payment{State: store.PaymentTimeout}, gone, 1, 0, "TIMEOUT", false},
		"requested, and Douyin is away": {&store.Payment{State: store.PaymentProcess}, away, 1, 0, "", true},
		"paid meanwhile":                {&store.Payment{State: store.PaymentProcess}, nil, 1, 1, "SUCCESS", false},
		"made elsewhere":                {nil, nil, 1, 1, "SUCCESS", false},
		"nobody knows it":               {nil, gone, 1, 0, "", true},
	} {
		b, d := newTradeDesk()
		b.answer, b.err = answer, c.err
		if c.row != nil {
			c.row.System, c.row.OutOrderNo = store.Trade, "T1"
			b.rows["T1"] = *c.row
		}
		got, err := d.TradePayment(t.Context(), "T1")
		if (err != nil) != c.fails || got.PayStatus != c.want || b.asked != c.asked || len(b.heard) != c.heard {
			t.Errorf("%s: %+v, %v; asked %d, heard %d", name, got, err, b.asked, len(b.heard))
		}
		if !c.fails && (got.System != "trade" || got.Items == nil) {
			t.Errorf("%s: %+v", name, got)
		}
		if name == "nobody knows it" && !errors.Is(err, douyin.ErrNotFound) {
			t.Error(err)
		}
	}
}

type systems struct {
	*tradeBook
	asks map[string]store.PaymentAsk
}

func (s systems) PaymentAsk(_ context.Context, no string) (store.PaymentAsk, bool, error) {
	a, found := s.asks[no]
	return a, found, nil
}

func TestTheSystemOfANumberIsThatOfItsPayment(t *testing.T) {
	t.Parallel()
	b, _ := newTradeDesk()
	b.rows["T1"] = store.Payment{System: store.Trade}
	b.rows["E1"] = store.Payment{System: store.Ecpay}
	rows := systems{b, map[string]store.PaymentAsk{"E2": {System: store.Ecpay}}}
	for no, want := range map[string]string{"T1": "trade true", "E1": "ecpay true", "E2": "ecpay true", "N1": "trade false", "单": "trade false", "": "trade false"} {
		system, known, err := PaymentSystem{Rows: rows, New: store.Trade}.Of(t.Context(), no)
		if got := fmt.Sprint(system, " ", known); got != want || err != nil {
			t.Errorf("%s: %s, %v", no, got, err)
		}
	}
}
