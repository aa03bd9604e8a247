package trade

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/douyin"
)

type vector struct {
	ID         string `json:"id"`
	AppID      string `json:"appid"`
	Timestamp  string `json:"timestamp"`
	Nonce      string `json:"nonce"`
	KeyVersion string `json:"key_version"`
	Data       string `json:"data"`
	TextSHA256 string `json:"text_sha256"`
	Signature  string `json:"signature"`

	ByteTimestamp string `json:"byte_timestamp"`
	ByteNonce     string `json:"byte_nonce_str"`
	Body          string `json:"body"`
	ByteSignature string `json:"byte_signature"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	var all []vector
	if err := json.Unmarshal(file(t, "vectors.json"), &all); err != nil || len(all) != 3 {
		t.Fatalf("%v, %d vectors", err, len(all))
	}
	return all
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// aPayment is the payment of vector T1.
func aPayment() Payment {
	return Payment{
		OutOrderNo: "T20261129000001", TotalAmount: 1990, PayExpireSeconds: 1800,
		NotifyURL: "https://shop.example.com/callbacks/douyin",
		OrderPage: Page{"pages/order/detail", `{"id":"1"}`},
		SKU: SKU{
			ID: "C1001", Price: 1990, Quantity: 1, Title: "Go 入门课", Image: "https://cdn.example.com/c1001.png",
			GoodsType: 401, TagGroupID: "tag_group_7272625659888041996",
		},
	}
}

func TestDataEqualsTheVector(t *testing.T) {
	got, err := aPayment().Data()
	if err != nil || string(got) != vectors(t)[0].Data {
		t.Errorf("%v\n got %s\nwant %s", err, got, vectors(t)[0].Data)
	}
}

func TestDataWithEverything(t *testing.T) {
	p := aPayment()
	p.TotalAmount, p.Currency, p.MerchantUID, p.HidePayWays, p.PayScene, p.PromotionID = 10, Diamond, "7", []int{1, 10}, "IM", "p"
	p.SKU.Title, p.SKU.Image = "a<b>&c", "https://cdn.example.com/a?b=1&c=2"
	p.SKU.GoodsType, p.SKU.Attr, p.SKU.Page = 404, `{"k":1}`, &Page{Path: "pages/goods"}
	p.OrderPage.Params, p.PayExpireSeconds, p.NotifyURL = "", 0, ""
	want := `{"skuList":[{"skuId":"C1001","price":1990,"quantity":1,"title":"a<b>&c","imageList":["https://cdn.example.com/a?b=1&c=2"],` +
		`"type":404,"tagGroupId":"tag_group_7272625659888041996","entrySchema":{"path":"pages/goods"},"skuAttr":"{\"k\":1}"}],` +
		`"outOrderNo":"T20261129000001","totalAmount":10,"currency":"DIAMOND","merchantUid":"7",` +
		`"orderEntrySchema":{"path":"pages/order/detail"},"limitPayWayList":[1,10],"payScene":"IM","promotionId":"p"}`
	if got, err := p.Data(); err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func TestDataRefusesWithFieldAndLimit(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	cases := []struct {
		field, reason string
		change        func(*Payment)
	}{
		{"outOrderNo", "missing", func(p *Payment) { p.OutOrderNo = "" }},
		{"outOrderNo", "64", func(p *Payment) { p.OutOrderNo = long(65) }},
		{"outOrderNo", "letters", func(p *Payment) { p.OutOrderNo = "T 1" }},
		{"totalAmount", "want 1", func(p *Payment) { p.TotalAmount = 0 }},
		{"totalAmount", "price times quantity", func(p *Payment) { p.TotalAmount = 1991 }},
		{"currency", "DIAMOND", func(p *Payment) { p.Currency = "USD" }},
		{"skuList[0].quantity", "DIAMOND", func(p *Payment) { p.Currency, p.SKU.Quantity = Diamond, 2 }},
		{"payExpireSeconds", "172800", func(p *Payment) { p.PayExpireSeconds = 172801 }},
		{"payExpireSeconds", "want 0", func(p *Payment) { p.PayExpireSeconds = -1 }},
		{"payNotifyUrl", "https", func(p *Payment) { p.NotifyURL = "http://shop.example.com/" }},
		{"payNotifyUrl", "512", func(p *Payment) { p.NotifyURL = "https://h/" + long(512) }},
		{"merchantUid", "64", func(p *Payment) { p.MerchantUID = long(65) }},
		{"orderEntrySchema.path", "missing", func(p *Payment) { p.OrderPage.Path = "" }},
		{"orderEntrySchema.path", "leading", func(p *Payment) { p.OrderPage.Path = "/pages/a" }},
		{"orderEntrySchema.path", "query", func(p *Payment) { p.OrderPage.Path = "pages/a?id=1" }},
		{"orderEntrySchema.path", "512", func(p *Payment) { p.OrderPage.Path = long(513) }},
		{"orderEntrySchema.params", "JSON", func(p *Payment) { p.OrderPage.Params = "id=1" }},
		{"orderEntrySchema.params", "once", func(p *Payment) { p.OrderPage.Params = `{"a":1,"a":2}` }},
		{"orderEntrySchema.params", "512", func(p *Payment) { p.OrderPage.Params = `{"a":"` + long(512) + `"}` }},
		{"limitPayWayList", "WeChat", func(p *Payment) { p.HidePayWays = []int{3} }},
		{"limitPayWayList", "once", func(p *Payment) { p.HidePayWays = []int{1, 1} }},
		{"payScene", "64", func(p *Payment) { p.PayScene = long(65) }},
		{"promotionId", "UTF-8", func(p *Payment) { p.PromotionID = "\xff" }},
		{"skuList[0].skuId", "missing", func(p *Payment) { p.SKU.ID = "" }},
		{"skuList[0].price", "want 1", func(p *Payment) { p.SKU.Price = 0 }},
		{"skuList[0].price", "10000000000", func(p *Payment) { p.SKU.Price = 1 << 62 }},
		{"skuList[0].quantity", "100", func(p *Payment) { p.SKU.Quantity = 101 }},
		{"skuList[0].quantity", "want 1", func(p *Payment) { p.SKU.Quantity = 0 }},
		{"skuList[0].title", "missing", func(p *Payment) { p.SKU.Title = "" }},
		{"skuList[0].title", "missing", func(p *Payment) { p.SKU.Title = " \t" }},
		{"skuList[0].title", "256", func(p *Payment) { p.SKU.Title = strings.Repeat("课", 86) }},
		{"skuList[0].imageList[0]", "missing", func(p *Payment) { p.SKU.Image = "" }},
		{"skuList[0].imageList[0]", "absolute", func(p *Payment) { p.SKU.Image = "/c.png" }},
		{"skuList[0].type", "want 1", func(p *Payment) { p.SKU.GoodsType = 0 }},
		{"skuList[0].tagGroupId", "goods type", func(p *Payment) { p.SKU.TagGroupID = "401" }},
		{"skuList[0].tagGroupId", "missing", func(p *Payment) { p.SKU.TagGroupID = "" }},
		{"skuList[0].skuAttr", "101", func(p *Payment) { p.SKU.GoodsType = 101 }},
		{"skuList[0].skuAttr", "JSON", func(p *Payment) { p.SKU.Attr = "x" }},
		{"skuList[0].entrySchema.path", "missing", func(p *Payment) { p.SKU.Page = &Page{} }},
	}
	for _, c := range cases {
		p := aPayment()
		c.change(&p)
		data, err := p.Data()
		var f *douyin.FieldError
		if !errors.As(err, &f) || f.Field != c.field || !strings.Contains(f.Reason, c.reason) || data != nil {
			t.Errorf("want %s: …%s…, got %v", c.field, c.reason, err)
		}
	}
}

func TestDataTakesTheLimitsThemselves(t *testing.T) {
	p := aPayment()
	p.OutOrderNo, p.PayExpireSeconds, p.SKU.Quantity, p.SKU.Title = strings.Repeat("9", 64), MaxExpire, MaxQuantity, strings.Repeat("x", 256)
	p.OrderPage = Page{strings.Repeat("p", 512), `{"a":"` + strings.Repeat("x", 504) + `"}`}
	p.SKU.Image = "https://h/" + strings.Repeat("x", 502)
	if _, err := p.Data(); err != nil {
		t.Error(err)
	}
	p.NotifyURL, p.PlainNotify = "http://127.0.0.1:9/", true
	if _, err := p.Data(); err != nil {
		t.Error(err)
	}
}

func TestGoods(t *testing.T) {
	for _, g := range KnownGoods() {
		if slices.ContainsFunc(g.Groups, func(s string) bool { return groupFault("", s) != nil || len(s) != 29 }) || g.Name == "" {
			t.Errorf("%+v", g)
		}
		if NeedsAttr(g.Type) != (g.Type < 200) {
			t.Errorf("skuAttr of %d: %t", g.Type, NeedsAttr(g.Type))
		}
	}
	if !NeedsAttr(107) || NeedsAttr(108) || NeedsAttr(401) || !NeedsAttr(406) || NeedsAttr(407) {
		t.Error("the borders of the types that need skuAttr")
	}
}
