package desk

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// lookup is a shop with the orders 1 to 3, the last of which has a price that nobody can use.
func lookup(t *testing.T) Lookup { return lookupBy(t, store.Config{}) }

func lookupBy(t *testing.T, cfg store.Config) Lookup {
	t.Helper()
	db := servertest.DB(t)
	servertest.CreateShop(t, db)
	for _, statement := range []string{
		"INSERT INTO dy_user (id, openid) VALUES (1, 'openid-1')",
		"INSERT INTO product (id, cover_img) VALUES (1, 'https://img.example.com/1.jpg')",
		"INSERT INTO course (id, name) VALUES (1, '课程')",
		"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) VALUES " +
			"(1, 1, 1, 1, '10.00', '10.00', 1700000000, 'SN1', '', 1), (2, 1, 1, 1, '10.00', '10.00', 1700000000, 'SN2', '', 1), " +
			"(3, 1, 1, 1, '-1.00', '-1.00', 1700000000, 'SN3', '', 1)",
	} {
		if err := db.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	st, err := store.New(db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return Lookup{Store: st}
}

// push lets Douyin hold the order as paid.
func push(t *testing.T, st *store.Store, id string) {
	t.Helper()
	now := time.Now()
	seq, err := st.BeginPush(t.Context(), store.Begin{OrderID: id, OrderNo: id, UpdateTime: 7, At: now, DueAt: now.Add(time.Minute), StaleAfter: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	_, err = st.RecordPush(t.Context(), store.Push{
		OrderID: id, OrderNo: id, Seq: seq, At: now, Outcome: store.Pushed, ShopStatus: "1", Status: int(douyin.Paid), Digest: "d",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The API and the operators' page read an order once, each as deep as it needs.
func TestAnOrderIsReadOnceForWhoeverShowsIt(t *testing.T) {
	l := lookup(t)
	push(t, l.Store, "1")
	for _, number := range []string{"R1", "R2"} {
		if _, _, err := l.Store.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: "1", Amount: 1, Reason: "wish", DueAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	page, err := l.Order(t.Context(), "1", Depth{Shop: true, Calls: 10, Callbacks: 10, PutAside: 10})
	if err != nil {
		t.Fatal(err)
	}
	told, isTold := page.Told()
	if !isTold || told != douyin.Paid || !page.Asked || !page.InShop || page.OrderNo() != "1" || len(page.Calls) != 1 || len(page.Refunds) != 2 || page.Shop.User.OpenID == "" {
		t.Errorf("%v, %v: %+v", told, isTold, page)
	}
	status, found, err := l.OrderStatus(t.Context(), "1")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if d := status.Douyin; d == nil || d.Status != told || d.Text != told.Text() || d.UpdateTime != 7 {
		t.Errorf("the API says that Douyin holds %+v, the page %v", d, told)
	}
	if status.Outcome != page.Outcome() || len(status.History) != 1 || len(status.Refunds) != 2 || status.Refunds[1].OutRefundNo != page.Refunds[0].Number {
		t.Errorf("%+v", status)
	}
	bare, err := l.Order(t.Context(), "1", Depth{})
	if err != nil || bare.InShop || len(bare.Calls) != 0 || len(bare.Refunds) != 2 || bare.OrderNo() != "1" {
		t.Errorf("%+v, %v", bare, err)
	}
}

func TestAnOrderThatNobodyAskedForIsLookedUpInTheShop(t *testing.T) {
	l := lookup(t)
	for id, want := range map[string]string{
		"2": `{"order_id":"2","order_no":"2","shop_status":"1","outcome":"unknown","system":"ecpay","attempts":0,"refunds":[],"settlements":[],"history":[]}`,
		"3": `{"order_id":"3","order_no":"3","shop_status":"1","outcome":"unknown","system":"ecpay","message":"order.price of row \"3\": is negative: write what was paid","attempts":0,"refunds":[],"settlements":[],"history":[]}`,
	} {
		status, found, err := l.OrderStatus(t.Context(), id)
		text, _ := json.Marshal(status)
		if err != nil || !found || string(text) != want {
			t.Errorf("%s: %v, %v\n got %s\nwant %s", id, found, err, text, want)
		}
	}
	if _, found, err := l.OrderStatus(t.Context(), "9"); err != nil || found {
		t.Errorf("an order that nobody has: %v, %v", found, err)
	}
	if _, err := l.Order(t.Context(), "9", Depth{Shop: true}); !errors.Is(err, ErrNoOrder) {
		t.Errorf("an order that nobody has: %v", err)
	}
}

// A number finds its order whatever it is, the key first; what belongs to two orders is not guessed.
func TestFindTakesTheKeyFirstAndNeverGuesses(t *testing.T) {
	db := servertest.DB(t)
	servertest.CreateShop(t, db)
	for _, statement := range []string{
		"INSERT INTO dy_user (id, openid) VALUES (1, 'openid-1')",
		"INSERT INTO product (id, cover_img) VALUES (1, 'https://img.example.com/1.jpg')",
		"INSERT INTO course (id, name) VALUES (1, '课程')",
		"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) VALUES " +
			"(1, 1, 1, 1, '10.00', '10.00', 1700000000, 'OUT-1', '', 1), (2, 1, 1, 1, '10.00', '10.00', 1700000000, '1', '', 1), " +
			"(3, 1, 1, 1, '10.00', '10.00', 1700000000, 'TWICE', '', 1), (4, 1, 1, 1, '10.00', '10.00', 1700000000, 'TWICE', '', 1)",
	} {
		if err := db.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	schema := store.DefaultSchema()
	schema.Columns.OrderNo = "sn"
	st, err := store.New(db, store.Config{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := Lookup{Store: st}
	for number, want := range map[string]struct {
		id   string
		what store.MatchKind
	}{"1": {"1", store.MatchOrder}, "OUT-1": {"1", store.MatchOrderNo}, "2": {"2", store.MatchOrder}} {
		if id, what, err := l.Find(t.Context(), number); err != nil || id != want.id || what != want.what {
			t.Errorf("%s: order %q by %q, %v; want %+v", number, id, what, err, want)
		}
	}
	if _, _, err := l.Find(t.Context(), "OUT-9"); !errors.Is(err, ErrNoOrder) {
		t.Errorf("a number that nobody has: %v", err)
	}
	var twice *store.ColumnError
	if id, _, err := l.Find(t.Context(), "TWICE"); !errors.As(err, &twice) {
		t.Errorf("a number of two orders: order %q, %v", id, err)
	}
	for number, id := range map[string]string{"R1": "1", "R2": "2"} {
		if _, _, err := st.CreateRefund(t.Context(), store.NewRefund{Number: number, OrderID: id, Amount: 100, Reason: "r", DueAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Exec("UPDATE ordersync_refund SET refund_no = 'D'").Error; err != nil {
		t.Fatal(err)
	}
	if id, what, err := l.Find(t.Context(), "R2"); err != nil || id != "2" || what != store.MatchRefund {
		t.Errorf("a refund's number: order %q by %q, %v", id, what, err)
	}
	var several *SeveralError
	if id, _, err := l.Find(t.Context(), "D"); !errors.As(err, &several) || len(several.IDs) != 2 {
		t.Errorf("a number of two refunds: order %q, %v", id, err)
	}
}

// The bug: a push of a number, as if it were a key, left a row of ours behind, which then stood in the way of the order that the
// number names.
func TestARowThatTheShopHasNotIsInNobodysWay(t *testing.T) {
	schema := store.DefaultSchema()
	schema.Columns.OrderNo = "sn"
	l := lookupBy(t, store.Config{Schema: schema})
	push(t, l.Store, "SN2")
	if id, what, err := l.Find(t.Context(), "SN2"); err != nil || id != "2" || what != store.MatchOrderNo {
		t.Errorf("SN2: %q, %q, %v", id, what, err)
	}
	push(t, l.Store, "gone")
	if id, what, err := l.Find(t.Context(), "gone"); err != nil || id != "gone" || what != store.MatchOrder {
		t.Errorf("an order that the shop has no more: %q, %q, %v", id, what, err)
	}
	if o, found, err := l.OrderStatus(t.Context(), "SN1"); err != nil || !found || o.OrderID != "1" || o.OrderNo != "SN1" {
		t.Errorf("GET of a number: %+v, %t, %v", o, found, err)
	}
	if _, found, err := l.OrderStatus(t.Context(), "SN9"); err != nil || found {
		t.Errorf("GET of what nobody has: %t, %v", found, err)
	}
}
