package douyin

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestValidateNamesTheField(t *testing.T) {
	cases := []struct {
		field  string
		change func(*OrderPush)
	}{
		{"open_id", func(o *OrderPush) { o.OpenID = "" }},
		{"open_id", func(o *OrderPush) { o.OpenID = "\xff" }},
		{"payment_order_no", func(o *OrderPush) { o.PaymentOrderNo = "\xff" }},
		{"order_status", func(o *OrderPush) { o.Status = 3 }},
		{"order_status", func(o *OrderPush) { o.Status = -1 }},
		{"update_time", func(o *OrderPush) { o.UpdateTime = 0 }},
		{"update_time", func(o *OrderPush) { o.UpdateTime = 170000000012 }},
		{"update_time", func(o *OrderPush) { o.UpdateTime = -1700000000123 }},
		{"order_detail.order_id", func(o *OrderPush) { o.Detail.OrderID = "" }},
		{"order_detail.order_id", func(o *OrderPush) { o.Detail.OrderID = strings.Repeat("9", 65) }},
		{"order_detail.create_time", func(o *OrderPush) { o.Detail.CreateTime = 1699999990 }},
		{"order_detail.amount", func(o *OrderPush) { o.Detail.Amount = 0 }},
		{"order_detail.total_price", func(o *OrderPush) { o.Detail.TotalPrice = -1 }},
		{"order_detail.detail_url", func(o *OrderPush) { o.Detail.DetailURL = "" }},
		{"order_detail.detail_url", func(o *OrderPush) { o.Detail.DetailURL = strings.Repeat("p", 1025) }},
		{"order_detail.detail_url", func(o *OrderPush) { o.Detail.DetailURL = "https://shop.example.com/pages/x" }},
		{"order_detail.item_list", func(o *OrderPush) { o.Detail.Items = nil }},
		{"order_detail.item_list[0].item_code", func(o *OrderPush) { o.Detail.Items[0].ItemCode = strings.Repeat("c", 65) }},
		{"order_detail.item_list[0].img", func(o *OrderPush) { o.Detail.Items[0].Img = "" }},
		{"order_detail.item_list[0].img", func(o *OrderPush) { o.Detail.Items[0].Img = "/upload/a.jpg" }},
		{"order_detail.item_list[0].img", func(o *OrderPush) { o.Detail.Items[0].Img = "https://" + strings.Repeat("i", 505) }},
		{"order_detail.item_list[1].title", func(o *OrderPush) {
			o.Detail.Items = append(o.Detail.Items, o.Detail.Items[0])
			o.Detail.Items[1].Title = strings.Repeat("课", 86) // 258 bytes, 86 characters
		}},
		{"order_detail.item_list[0].title", func(o *OrderPush) { o.Detail.Items[0].Title = "" }},
		{"order_detail.item_list[0].sub_title", func(o *OrderPush) { o.Detail.Items[0].SubTitle = strings.Repeat("t", 257) }},
		{"order_detail.item_list[0].amount", func(o *OrderPush) { o.Detail.Items[0].Amount = 0 }},
		{"order_detail.item_list[0].price", func(o *OrderPush) { o.Detail.Items[0].Price = -1 }},
	}
	f := newFar(t, reply{body: ok200})
	c := newTestClient(t, f.URL, &fakeTokens{list: []string{"a"}})
	for _, tc := range cases {
		o := anOrder()
		tc.change(&o)
		var fault *FieldError
		if err := o.Validate(); !errors.As(err, &fault) || fault.Field != tc.field {
			t.Errorf("want %s, found %v", tc.field, err)
		}
		_, err := c.PushOrder(context.Background(), o)
		if kindOf(err) != Rejected || !errors.As(err, &fault) {
			t.Errorf("PushOrder: %v", err)
		}
	}
	if sent := f.sent(); len(sent) != 0 {
		t.Errorf("an invalid order was sent: %v", sent)
	}
}

func TestValidateAcceptsTheLimits(t *testing.T) {
	o := anOrder()
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
	o.UpdateTime = 1700000000
	o.PaymentOrderNo = ""
	o.Detail.OrderID = strings.Repeat("9", 64)
	o.Detail.TotalPrice = 0
	o.Detail.DetailURL = "pages/web?to=https://x" + strings.Repeat("p", 1002)
	o.Detail.Items[0] = OrderItem{
		ItemCode: strings.Repeat("c", 64), Img: "https://" + strings.Repeat("i", 504),
		Title: strings.Repeat("t", 256), SubTitle: strings.Repeat("课", 85), Amount: 1,
	}
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
}
