package preview

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/worker"
)

const openID = "_000canary-openid"

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// fakeShop has orders by their keys; an error stands beside what could be read.
type fakeShop struct {
	orders map[string]store.OrderSnapshot
	errs   map[string]error
	newest []store.NewOrder
}

func (f fakeShop) LoadOrder(_ context.Context, id string) (store.OrderSnapshot, error) {
	s, ok := f.orders[id]
	if !ok && f.errs[id] == nil {
		return s, store.ErrOrderNotFound
	}
	return s, f.errs[id]
}

func (f fakeShop) ShopOrderByNo(ctx context.Context, no string) (store.OrderSnapshot, error) {
	if err := f.errs["no "+no]; err != nil {
		return store.OrderSnapshot{}, err
	}
	for id, s := range f.orders {
		if s.Order.OrderNo == no {
			return f.LoadOrder(ctx, id)
		}
	}
	return store.OrderSnapshot{}, store.ErrOrderNotFound
}

func (f fakeShop) NewestOrders(context.Context, time.Time, int) (store.Newest, error) {
	return store.Newest{Orders: f.newest, Read: len(f.newest), Whole: true}, nil
}

func (f fakeShop) LeftOut(_ context.Context, id string) (string, bool, error) {
	return "orders", id == "of another channel", nil
}

func snapshot(id string, change ...func(*store.OrderSnapshot)) store.OrderSnapshot {
	s := store.OrderSnapshot{
		Order: store.Order{ID: id, OrderNo: "SN" + id, Status: "2", Amount: 4490, CreateTime: now, PaymentNo: "74" + id},
		User:  store.User{Found: true, OpenID: openID},
		Lines: []store.Line{
			{Title: "龙井", Image: "/1.png", Quantity: 2, Price: 1990}, {Title: "茶杯", Image: "https://a.example/2.png", Quantity: 1, Price: 2500},
		},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func desk(shop Shop) *Desk {
	return &Desk{
		Shop: shop, Unit: douyin.Seconds, Now: func() time.Time { return now },
		Build: &worker.Builder{
			Shop:      store.Schema{SQL: store.ShopSQL{Order: "SELECT"}},
			Statuses:  map[string]douyin.OrderStatus{"2": douyin.Paid, "5": douyin.Cancelled},
			DetailURL: "pages/order?id={order_id}", ImageBaseURL: "https://img.example",
		},
	}
}

func text(t *testing.T, p Preview) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Print(&out, lang.English, time.FixedZone("CST", 8*3600)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAPreviewShowsAllThatDouyinWouldBeTold(t *testing.T) {
	d := desk(fakeShop{orders: map[string]store.OrderSnapshot{"102": snapshot("102")}})
	for _, name := range []string{"102", "SN102"} {
		p, err := d.Order(t.Context(), name)
		if err != nil || !p.Sent() || len(p.Warnings) != 0 {
			t.Fatalf("%s: %+v, %v", name, p, err)
		}
		shown := text(t, p)
		for _, want := range []string{
			"order ", "102", "SN102", "1 已支付 (paid)", "74102", "2026-03-01 16:00:00 +08:00", "龙井 × 2, 1990 fen, https://img.example/1.png",
			"茶杯 × 1, 2500 fen, https://a.example/2.png", "4490 fen\n", "amount            3\n", "pages/order?id=SN102", "1772352000 (unit: s)",
		} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: no %q in\n%s", name, want, shown)
			}
		}
	}
	if p, err := d.Order(t.Context(), "of another channel"); err != nil || !strings.Contains(text(t, p), "not Douyin's business: table orders has it") || p.Sent() {
		t.Errorf("an order that is left out: %+v, %v", p, err)
	}
	if _, err := d.Order(t.Context(), "103"); !errors.Is(err, ErrNoOrder) {
		t.Errorf("103: %v, want ErrNoOrder", err)
	}
}

func TestAPreviewAsJSONIsWhatIsSentWithoutTheOpenID(t *testing.T) {
	withIDInside := func(s *store.OrderSnapshot) { s.Lines[0].Title = "of " + openID }
	d := desk(fakeShop{orders: map[string]store.OrderSnapshot{"1": snapshot("1", withIDInside)}})
	p, err := d.Order(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(p)
	if err != nil || strings.Contains(string(b), openID) || strings.Contains(text(t, p), openID) {
		t.Errorf("%s, %v", b, err)
	}
	p.Push.OpenID, p.Push.Detail.Items[0].Title = "_000\topen\x1b  id", "of _000\topen\x1b  id" // a cell may hold anything
	if shown := text(t, p); !strings.Contains(shown, "of *** × 2") || strings.Contains(shown, "open id") {
		t.Errorf("the open_id in\n%s", shown)
	}
	var got struct {
		Sent     bool           `json:"would_be_sent"`
		Warnings []string       `json:"warnings"`
		OpenID   string         `json:"open_id"`
		Detail   map[string]any `json:"order_detail"`
	}
	if err := json.Unmarshal(b, &got); err != nil || !got.Sent || got.Warnings == nil || got.OpenID != "***" {
		t.Errorf("%+v, %v", got, err)
	}
	if fmt.Sprintf("%v %v %v", got.Detail["order_id"], got.Detail["status"], got.Detail["total_price"]) != "SN1 已支付 4490" {
		t.Errorf("order_detail %v", got.Detail)
	}
}

func TestAPreviewNamesTheCellThatIsInTheWay(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*store.OrderSnapshot)
		err     error
		column  string
		ignored bool
	}{
		"no openid":          {change: func(s *store.OrderSnapshot) { s.User.OpenID = "" }, column: "openid"},
		"no line":            {change: func(s *store.OrderSnapshot) { s.Lines = nil }, column: "items"},
		"a number as image":  {change: func(s *store.OrderSnapshot) { s.Lines[1].Image = "55" }, column: "image"},
		"a web address":      {change: func(s *store.OrderSnapshot) { s.DetailURL = "https://a.example/x" }, column: "detail_url"},
		"a price of words":   {err: cell.NotMoney.At("", "price", "1", ""), column: "price"},
		"two rows":           {change: func(s *store.OrderSnapshot) { s.Order.Status = "" }, err: cell.TwoRows.At("", "rows", "1", ""), column: "rows"},
		"a key with a slash": {change: func(s *store.OrderSnapshot) { s.Order.ID = "a/b" }, column: "id"},
		"another state":      {change: func(s *store.OrderSnapshot) { s.Order.Status = "9" }, ignored: true},
		"and a broken price": {change: func(s *store.OrderSnapshot) { s.Order.Status = "9" }, err: cell.NotMoney.At("", "price", "1", ""), ignored: true},
	} {
		change := tt.change
		if change == nil {
			change = func(*store.OrderSnapshot) {}
		}
		p, err := desk(fakeShop{orders: map[string]store.OrderSnapshot{"1": snapshot("1", change)}, errs: map[string]error{"1": tt.err}}).Order(t.Context(), "1")
		if err != nil || p.Column() != tt.column || (p.Ignored != "") != tt.ignored || p.Sent() {
			t.Errorf("%s: column %q, ignored %q, %v", name, p.Column(), p.Ignored, err)
		}
		shown := text(t, p)
		if !strings.Contains(shown, "NOT SENT") || tt.column != "" && !strings.Contains(shown, tt.column) {
			t.Errorf("%s:\n%s", name, shown)
		}
	}
	twins := fakeShop{
		orders: map[string]store.OrderSnapshot{"1": snapshot("1")},
		errs:   map[string]error{"no SN1": cell.TwoOrders.At("", "order_no", "3", "1 and 3")},
	}
	for _, name := range []string{"1", "SN1"} {
		if p, err := desk(twins).Order(t.Context(), name); err != nil || name == "1" && !strings.Contains(p.Why(), `of order "1"`) || p.Column() != "order_no" || !strings.Contains(p.Why(), "1 and 3") {
			t.Errorf("%s of two orders with one number: %+v, %v", name, p, err)
		}
	}
	down := fakeShop{errs: map[string]error{"1": errors.New("connection refused")}}
	if _, err := desk(down).Order(t.Context(), "1"); err == nil || errors.Is(err, ErrNoOrder) {
		t.Errorf("a database that is down: %v", err)
	}
}

func TestTheNewestOrderOfEachStatusIsShown(t *testing.T) {
	f := fakeShop{orders: map[string]store.OrderSnapshot{}, errs: map[string]error{"8": cell.Statement.At("", "rows", "8", "1242")}}
	for i, status := range []string{"2", "2", "9", "5", "2", "9", "7"} {
		id := fmt.Sprint(i + 1)
		f.newest = append(f.newest, store.NewOrder{ID: id, Status: status})
		if id != "7" { // gone meanwhile
			f.orders[id] = snapshot(id, func(s *store.OrderSnapshot) { s.Order.Status = status })
		}
	}
	twice := store.NewOrder{ID: "8", Failed: true} // two rows of one order
	f.newest = append(f.newest, twice, twice)
	all, whole, err := desk(f).Newest(t.Context(), 0)
	var ids []string
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	if err != nil || !whole || strings.Join(ids, " ") != "1 3 4 8" {
		t.Errorf("%v, %v, %v", ids, whole, err)
	}
	ids = nil
	all, _, err = desk(f).Newest(t.Context(), 2)
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	if err != nil || strings.Join(ids, " ") != "1 2 3 4 8" {
		t.Errorf("the two latest and each other status: %v, %v", ids, err)
	}
}

func TestSumsThatDoNotFitAreSaidWithTheirProbableCause(t *testing.T) {
	line := func(quantity int64, price store.Fen) store.Line { return store.Line{Quantity: quantity, Price: price} }
	for name, tt := range map[string]struct {
		lines  []store.Line
		amount int64
		want   string // "": no warning
	}{
		"they fit":              {[]store.Line{line(2, 1990), line(3, 3000)}, 4990, ""},
		"a small coupon":        {[]store.Line{line(2, 1990), line(3, 3000)}, 4490, ""},
		"a large coupon":        {[]store.Line{line(2, 5000)}, 1000, "probably a coupon"},
		"everything for free":   {[]store.Line{line(1, 5000)}, 0, "probably a coupon"},
		"unit prices":           {[]store.Line{line(2, 995), line(3, 1000)}, 4990, "price is that of one piece"},
		"unit prices, coupon":   {[]store.Line{line(2, 995), line(3, 1000)}, 4490, "price is probably that of one piece"},
		"multiplied twice":      {[]store.Line{line(2, 3980), line(3, 9000)}, 4990, "multiplied by the quantity twice"},
		"fen beside yuan":       {[]store.Line{line(1, 199000)}, 1990, "one of the two is in yuan"},
		"lines are missing":     {[]store.Line{line(1, 1000)}, 4990, "probably freight"},
		"unit price of a large": {[]store.Line{line(100, 50)}, 5000, "price is that of one piece"},
	} {
		got := sums(tt.lines, tt.amount)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
