package worker

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/cell"
)

func testBuilder() *Builder {
	return &Builder{
		Statuses:  map[string]douyin.OrderStatus{"1": douyin.Paid, "5": douyin.Refunding, "6": douyin.Refunded},
		DetailURL: "pages/course/course",
	}
}

func testSnapshot() store.OrderSnapshot {
	return store.OrderSnapshot{
		Order: store.Order{
			ID: "123", OrderNo: "123", UserID: "7", ProductID: "8", CourseID: "9", Price: 1999, Amount: 1999,
			CreateTime: time.Unix(1768634594, 0), PaymentNo: "7398108028895054107", Status: "1",
		},
		User:  store.User{Found: true, OpenID: "_000abc"},
		Lines: []store.Line{{Title: "课程", Image: "https://cdn.example.com/1.jpg", Quantity: 1, Price: 1999}},
	}
}

func TestBuildOrderPushMakesWhatThePHPClassMade(t *testing.T) {
	got, err := testBuilder().BuildOrderPush(testSnapshot())
	if err != nil {
		t.Fatal(err)
	}
	want := douyin.OrderPush{
		OpenID: "_000abc", Status: douyin.Paid, PaymentOrderNo: "7398108028895054107",
		Detail: douyin.OrderDetail{
			OrderID: "123", CreateTime: 1768634594000, Amount: 1, TotalPrice: 1999, DetailURL: "pages/course/course",
			Items: []douyin.OrderItem{{Img: "https://cdn.example.com/1.jpg", Title: "课程", SubTitle: "课程", Amount: 1, Price: 1999}},
		},
	}
	if got.Digest() != want.Digest() || got.PaymentOrderNo != want.PaymentOrderNo || got.Detail.OrderID != want.Detail.OrderID {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestBuildOrderPushNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*store.OrderSnapshot)
		column string
		row    string
	}{
		"no user":         {func(s *store.OrderSnapshot) { s.User = store.User{} }, "dy_user.openid", "7"},
		"no openid":       {func(s *store.OrderSnapshot) { s.User.OpenID = "" }, "dy_user.openid", "7"},
		"no product":      {func(s *store.OrderSnapshot) { s.Lines[0].NoImage = true }, "product.cover_img", "8"},
		"no image":        {func(s *store.OrderSnapshot) { s.Lines[0].Image = "" }, "product.cover_img", "8"},
		"no course":       {func(s *store.OrderSnapshot) { s.Lines[0].NoTitle = true }, "course.name", "9"},
		"no buyer":        {func(s *store.OrderSnapshot) { s.User.Found, s.Order.UserID = false, "" }, "order.uid", "123"},
		"buyer 0":         {func(s *store.OrderSnapshot) { s.User.Found, s.Order.UserID = false, "0" }, "order.uid", "123"},
		"no product's id": {func(s *store.OrderSnapshot) { s.Lines[0].NoImage, s.Order.ProductID = true, "" }, "order.product_id", "123"},
		"no course's id":  {func(s *store.OrderSnapshot) { s.Lines[0].NoTitle, s.Order.CourseID = true, " " }, "order.course_id", "123"},
		"blank title":     {func(s *store.OrderSnapshot) { s.Lines[0].Title = " " }, "course.name", "9"},
		"no order number": {func(s *store.OrderSnapshot) { s.Order.OrderNo = "" }, "order.id", "123"},
		"negative amount": {func(s *store.OrderSnapshot) { s.Order.Amount = -1 }, "order.amount", "123"},
	} {
		s := testSnapshot()
		c.spoil(&s)
		_, err := testBuilder().BuildOrderPush(s)
		var incomplete *store.ColumnError
		if !errors.As(err, &incomplete) || incomplete.Table+"."+incomplete.Column != c.column || incomplete.Row != c.row {
			t.Errorf("%s: got %v, want a ColumnError of %v row %s", name, err, c.column, c.row)
		}
	}
}

// Of an order of several lines a refusal names the line, counted as preview and Douyin show them.
func TestARefusalNamesTheLine(t *testing.T) {
	b := testBuilder()
	b.Shop = store.Schema{SQL: store.ShopSQL{Order: "SELECT", Items: "SELECT"}}
	for n, want := range map[int]string{1: `title of order "123": is empty`, 3: `title of order "123", line 3: is empty`} {
		s := testSnapshot()
		good := s.Lines[0]
		s.Lines = nil
		for range n - 1 {
			s.Lines = append(s.Lines, good)
		}
		bad := good
		bad.Title = ""
		s.Lines = append(s.Lines, bad)
		if _, err := b.BuildOrderPush(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%d lines: %v, want %s", n, err, want)
		}
	}
}

func TestBuildOrderPushMapsStatusesAndRefusesToGuess(t *testing.T) {
	s := testSnapshot()
	s.Order.Status = "6"
	if got, err := testBuilder().BuildOrderPush(s); err != nil || got.Status != douyin.Refunded {
		t.Errorf("status 6: got %v, %v", got.Status, err)
	}
	s.Order.Status = "99"
	_, err := testBuilder().BuildOrderPush(s)
	var noWord *NoWordError
	if !errors.As(err, &noWord) {
		t.Errorf("status 99: got %v, want a NoWordError", err)
	}
	if refused, ok := cell.Parse(err.Error()); !ok || *refused != *cell.NoWord.At("order", "status", "123", "99") {
		t.Errorf("status 99 is set aside with %q", err)
	}
	b := testBuilder()
	b.Statuses = nil
	if got, err := b.BuildOrderPush(s); err != nil || got.Status != douyin.Paid {
		t.Errorf("no status column: got %v, %v; want paid", got.Status, err)
	}
}

func TestBuildOrderPushCutsALongTitleAtACharacter(t *testing.T) {
	s := testSnapshot()
	s.Lines[0].Title = strings.Repeat("课", 100)
	got, err := testBuilder().BuildOrderPush(s)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("课", 85); got.Detail.Items[0].Title != want || got.Detail.Items[0].SubTitle != want {
		t.Errorf("title has %d bytes: %q", len(got.Detail.Items[0].Title), got.Detail.Items[0].Title)
	}
}

func TestBuildOrderPushCompletesARelativeImage(t *testing.T) {
	for _, c := range []struct{ base, img, want string }{
		{"https://cdn.example.com", "/uploads/1.jpg", "https://cdn.example.com/uploads/1.jpg"},
		{"https://cdn.example.com/a/", "uploads/1.jpg", "https://cdn.example.com/a/uploads/1.jpg"},
		{"https://cdn.example.com", "http://other.example.com/1.jpg", "http://other.example.com/1.jpg"},
		{"https://cdn.example.com", "//other.example.com/1.jpg", "https://other.example.com/1.jpg"},
	} {
		b, s := testBuilder(), testSnapshot()
		b.ImageBaseURL, s.Lines[0].Image = c.base, c.img
		if got, err := b.BuildOrderPush(s); err != nil || got.Detail.Items[0].Img != c.want {
			t.Errorf("base %q, img %q: got %q, %v; want %q", c.base, c.img, got.Detail.Items[0].Img, err, c.want)
		}
	}
}

func TestBuildOrderPushFillsPlaceholders(t *testing.T) {
	b, s := testBuilder(), testSnapshot()
	b.DetailURL, b.ItemCode = "pages/order/detail?id={order_id}&c={course_id}", "sku-{product_id}"
	s.Order.OrderNo = "A&B"
	got, err := b.BuildOrderPush(s)
	if err != nil {
		t.Fatal(err)
	}
	if want := "pages/order/detail?id=A%26B&c=9"; got.Detail.DetailURL != want {
		t.Errorf("detail_url %q, want %q", got.Detail.DetailURL, want)
	}
	if want := "sku-8"; got.Detail.Items[0].ItemCode != want {
		t.Errorf("item_code %q, want %q", got.Detail.Items[0].ItemCode, want)
	}
}

// The bug: a title was cut within what its reader takes for one character.
func TestBuildOrderPushCutsALongTitleAtWhatIsReadAsOneCharacter(t *testing.T) {
	const family = "👩\u200d👩\u200d👧\u200d👦" // one character of 25 bytes
	s := testSnapshot()
	s.Lines[0].Title = strings.Repeat(family, 11)
	got, err := testBuilder().BuildOrderPush(s)
	if want := strings.Repeat(family, 10); err != nil || got.Detail.Items[0].Title != want {
		t.Errorf("title %q, %v; want ten families", got.Detail.Items[0].Title, err)
	}
}

func TestBuildOrderPushSendsEachLine(t *testing.T) {
	s := testSnapshot()
	s.Order.Amount = 4490
	s.Lines = []store.Line{
		{Title: "龙井", Image: "https://img.example.com/1.png", Quantity: 2, Price: 1990, ItemCode: "T1"},
		{Title: "茶杯", SubTitle: "白", Image: "https://img.example.com/2.png", Quantity: 3, Price: 3000},
	}
	got, err := testBuilder().BuildOrderPush(s)
	want := []douyin.OrderItem{
		{ItemCode: "T1", Img: "https://img.example.com/1.png", Title: "龙井", SubTitle: "龙井", Amount: 2, Price: 1990},
		{Img: "https://img.example.com/2.png", Title: "茶杯", SubTitle: "白", Amount: 3, Price: 3000},
	}
	if err != nil || !slices.Equal(got.Detail.Items, want) || got.Detail.Amount != 5 || got.Detail.TotalPrice != 4490 {
		t.Errorf("%+v, %v", got.Detail, err)
	}
}

// Of a shop described by SELECTs the error names the column and the order.
func TestBuildOrderPushNamesTheSelectsColumn(t *testing.T) {
	b := testBuilder()
	b.Shop.SQL = store.ShopSQL{Order: "SELECT …", Items: "SELECT …"}
	for want, spoil := range map[string]func(*store.OrderSnapshot){
		`openid of order "123": `:   func(s *store.OrderSnapshot) { s.User.OpenID = "" },
		`items of order "123": `:    func(s *store.OrderSnapshot) { s.Lines = nil },
		`title of order "123": `:    func(s *store.OrderSnapshot) { s.Lines[0].Title = "" },
		`image of order "123": `:    func(s *store.OrderSnapshot) { s.Lines[0].Image = "55" },
		`quantity of order "123": `: func(s *store.OrderSnapshot) { s.Lines[0].Quantity = 0 },
	} {
		s := testSnapshot()
		spoil(&s)
		if _, err := b.BuildOrderPush(s); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s…", err, want)
		}
	}
}
