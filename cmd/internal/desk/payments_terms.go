package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// content is what a shop asked for, with all that does not depend on the configuration filled in.
// Its JSON is fingerprinted: names and order of the fields stay for ever, and one that is added is
// left out where it is empty.
type content struct {
	OutOrderNo  string             `json:"out_order_no"`
	TotalAmount int64              `json:"total_amount"`
	Subject     string             `json:"subject"`
	Image       string             `json:"image"`
	ValidTime   int                `json:"valid_time"`
	SkuID       string             `json:"sku_id"`
	Quantity    int                `json:"quantity"`
	Price       int64              `json:"price"`
	GoodsType   int                `json:"goods_type"`
	TagGroupID  string             `json:"tag_group_id"`
	SkuAttr     string             `json:"sku_attr"`
	Currency    string             `json:"currency"`
	OrderPage   *gateway.TradePage `json:"order_page"`
	SkuPage     *gateway.TradePage `json:"sku_page"`
	MerchantUID string             `json:"merchant_uid"`
	HidePayWays []int              `json:"hide_pay_ways"`
	PayScene    string             `json:"pay_scene"`
	PromotionID string             `json:"promotion_id"`
	NotifyURL   string             `json:"notify_url"`
}

// contentOf fills r in. The error is a *tasks.PayloadError.
func contentOf(r gateway.TradePaymentRequest) (content, error) {
	c := content{
		OutOrderNo: r.OutOrderNo, TotalAmount: r.TotalAmount, Subject: r.Subject, Image: r.Image, ValidTime: r.ValidTime, SkuID: r.SkuID,
		Quantity: 1, GoodsType: r.GoodsType, TagGroupID: r.TagGroupID, SkuAttr: r.SkuAttr, Currency: r.Currency, OrderPage: r.OrderPage,
		SkuPage: r.SkuPage, MerchantUID: r.MerchantUID, PayScene: r.PayScene, PromotionID: r.PromotionID, NotifyURL: r.NotifyURL,
	}
	if len(r.HidePayWays) > 0 {
		c.HidePayWays = r.HidePayWays
	}
	if err := tasks.CheckNumber("out_order_no", c.OutOrderNo); err != nil {
		return content{}, err
	}
	if c.SkuID == "" {
		c.SkuID = c.OutOrderNo
	}
	if r.Quantity != nil {
		c.Quantity = *r.Quantity
	}
	if c.Currency == trade.CNY {
		c.Currency = ""
	}
	for _, f := range []*douyin.FieldError{
		douyin.CheckRange("total_amount", c.TotalAmount, 1, trade.MaxAmount), douyin.CheckRange("quantity", int64(c.Quantity), 1, trade.MaxQuantity),
	} {
		if f != nil {
			return content{}, &tasks.PayloadError{Field: f.Field, Reason: f.Reason}
		}
	}
	switch {
	case r.Price != nil:
		c.Price = *r.Price
	case c.TotalAmount%int64(c.Quantity) != 0:
		return content{}, &tasks.PayloadError{Field: "price", Reason: fmt.Sprintf("is missing, and total_amount %d cannot be divided by quantity %d", c.TotalAmount, c.Quantity)}
	default:
		c.Price = c.TotalAmount / int64(c.Quantity)
	}
	return c, nil
}

// fingerprint tells contents apart.
func (c *content) fingerprint() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// TradeTerms are what the configuration says of a payment that does not say it itself.
type TradeTerms struct {
	GoodsType   int               // 0: each payment names it
	TagGroupID  string            // empty: each payment names it
	OrderPath   string            // of the order's page; empty: each payment names it
	OrderParams map[string]string // values may hold {out_order_no}
	NotifyURL   string            // empty: Douyin's console setting holds
	PlainNotify bool              // NotifyURL may be http: Douyin is a simulator
}

// data is what is signed. The error is a *tasks.PayloadError that names the request's field.
func (t TradeTerms) data(c content) ([]byte, error) {
	p := trade.Payment{
		OutOrderNo: c.OutOrderNo, TotalAmount: c.TotalAmount, Currency: c.Currency, PayExpireSeconds: c.ValidTime, NotifyURL: c.NotifyURL,
		MerchantUID: c.MerchantUID, HidePayWays: c.HidePayWays, PayScene: c.PayScene, PromotionID: c.PromotionID, PlainNotify: t.PlainNotify,
		SKU: trade.SKU{
			ID: c.SkuID, Price: c.Price, Quantity: c.Quantity, Title: c.Subject, Image: c.Image, GoodsType: c.GoodsType,
			TagGroupID: c.TagGroupID, Attr: c.SkuAttr,
		},
	}
	ours := map[string]string{} // the fields that the configuration fills in, and from which key
	if p.SKU.GoodsType == 0 {
		p.SKU.GoodsType, ours["goods_type"] = t.GoodsType, "douyin.trade.goods_type"
	}
	if p.SKU.TagGroupID == "" {
		p.SKU.TagGroupID, ours["tag_group_id"] = t.TagGroupID, "douyin.trade.tag_group_id"
	}
	if p.NotifyURL == "" {
		p.NotifyURL, ours["notify_url"] = t.NotifyURL, "douyin.notify_url"
	}
	if c.SkuPage != nil {
		p.SKU.Page = &trade.Page{Path: c.SkuPage.Path, Params: c.SkuPage.Params}
	}
	if c.OrderPage != nil {
		p.OrderPage = trade.Page{Path: c.OrderPage.Path, Params: c.OrderPage.Params}
	} else {
		page, err := t.orderPage(c.OutOrderNo)
		if err != nil {
			return nil, err
		}
		p.OrderPage, ours["order_page"] = page, "douyin.trade.order_page"
	}
	data, err := p.Data()
	var f *douyin.FieldError
	if !errors.As(err, &f) {
		return data, err
	}
	name := callersField(f.Field)
	key, isOurs := ours[strings.TrimSuffix(strings.TrimSuffix(name, ".path"), ".params")]
	switch missing := t.lacks(key); {
	case isOurs && missing:
		return nil, &tasks.PayloadError{Field: strings.TrimSuffix(name, ".path"), Reason: "is missing: name it, or set " + key}
	case isOurs:
		return nil, &tasks.PayloadError{Field: name, Reason: f.Reason + "; it is that of " + key}
	}
	return nil, &tasks.PayloadError{Field: name, Reason: f.Reason}
}

// lacks tells whether a key is not set.
func (t TradeTerms) lacks(key string) bool {
	return key == "douyin.trade.goods_type" && t.GoodsType == 0 || key == "douyin.trade.tag_group_id" && t.TagGroupID == "" ||
		key == "douyin.trade.order_page" && t.OrderPath == ""
}

// orderPage is the configured page, filled in. A value with {order_id} is left out: it is Douyin's
// number, and Douyin has not made the order yet.
func (t TradeTerms) orderPage(outOrderNo string) (trade.Page, error) {
	params := map[string]string{}
	for name, value := range t.OrderParams {
		if !strings.Contains(value, "{order_id}") {
			params[name] = strings.ReplaceAll(value, "{out_order_no}", outOrderNo)
		}
	}
	page := trade.Page{Path: t.OrderPath}
	if len(params) == 0 {
		return page, nil
	}
	text, err := douyin.Marshal(params)
	if err != nil {
		return trade.Page{}, fmt.Errorf("douyin.trade.order_page: %w", err)
	}
	page.Params = string(text)
	return page, nil
}

// callersFields are the request's names of what data calls otherwise.
var callersFields = map[string]string{
	"outOrderNo": "out_order_no", "totalAmount": "total_amount", "currency": "currency", "payExpireSeconds": "valid_time",
	"payNotifyUrl": "notify_url", "merchantUid": "merchant_uid", "limitPayWayList": "hide_pay_ways", "payScene": "pay_scene",
	"promotionId": "promotion_id", "orderEntrySchema": "order_page",
	"skuList[0].skuId": "sku_id", "skuList[0].price": "price", "skuList[0].quantity": "quantity", "skuList[0].title": "subject",
	"skuList[0].imageList[0]": "image", "skuList[0].type": "goods_type", "skuList[0].tagGroupId": "tag_group_id",
	"skuList[0].skuAttr": "sku_attr", "skuList[0].entrySchema": "sku_page",
}

// callersField is the request's name of a field of data; of a page with .path or .params behind it.
func callersField(name string) string {
	for _, part := range []string{".path", ".params"} {
		if page, ok := strings.CutSuffix(name, part); ok && callersFields[page] != "" {
			return callersFields[page] + part
		}
	}
	if mine, ok := callersFields[name]; ok {
		return mine
	}
	return name
}
