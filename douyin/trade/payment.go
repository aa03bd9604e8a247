package trade

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/ordersync/ordersync/douyin"
)

// Limits of data (TRADE-ORDER). Lengths are bytes.
const (
	MaxNumberBytes  = 64 // out_order_no, out_refund_no, out_settle_no, and Douyin's own ids
	MaxTitleBytes   = 256
	MaxURLBytes     = 512 // a picture, an address of callbacks
	MaxPathBytes    = 512
	MaxParamsBytes  = 512
	MaxQuantity     = 100
	MaxExpire       = 48 * 60 * 60 // seconds
	MaxSkuAttrBytes = 2048         // no page names a limit (UNCONFIRMED)
)

// MaxAmount bounds an amount. No page names a limit (UNCONFIRMED); it is guaranteed payment's.
const MaxAmount = douyin.MaxFen

// The currencies. An amount in Diamond is diamonds, ten to the yuan.
const (
	CNY     = "CNY"
	Diamond = "DIAMOND" // iOS must pay virtual goods with it
)

// Page is a page of the mini-app.
type Page struct {
	Path   string `json:"path"`             // such as pages/order/detail: no leading /, no query
	Params string `json:"params,omitempty"` // JSON object as text; empty: none
}

// SKU is what is bought. Douyin takes exactly one in a payment at present.
type SKU struct {
	ID         string // the shop's
	Price      int64  // of one, in the unit of TotalAmount
	Quantity   int    // 1 to 100; 1 where the currency is Diamond
	Title      string // at most 256 bytes
	Image      string // http(s) address
	GoodsType  int    // such as 401: Douyin's console and tag_query tell
	TagGroupID string // rule group, such as tag_group_7272625659888041996
	Page       *Page  // of the goods; nil: none
	Attr       string // skuAttr: a JSON object as text, which some goods types need; passed through
}

// Payment is what data says of a payment.
type Payment struct {
	OutOrderNo  string // the shop's number
	TotalAmount int64  // fen, or diamonds; at most Price times Quantity: less is the shop's discount
	Currency    string // empty: CNY
	SKU         SKU    // what is bought
	OrderPage   Page   // of the order

	PayExpireSeconds int    // 0: Douyin's 300
	NotifyURL        string // https; empty: Douyin's console setting holds
	MerchantUID      string // who receives the money; empty: the app's default
	HidePayWays      []int  // 1 WeChat, 2 Alipay, 10 Douyin Pay
	PayScene         string // IM on the way of iOS through a chat
	PromotionID      string // of tt.triggerRetentionPopup
	PlainNotify      bool   // NotifyURL may be http: Douyin is a simulator
}

type wireSKU struct {
	SkuID       string   `json:"skuId"`
	Price       int64    `json:"price"`
	Quantity    int      `json:"quantity"`
	Title       string   `json:"title"`
	ImageList   []string `json:"imageList"`
	Type        int      `json:"type"`
	TagGroupID  string   `json:"tagGroupId"`
	EntrySchema *Page    `json:"entrySchema,omitempty"`
	SkuAttr     string   `json:"skuAttr,omitempty"`
}

type wirePayment struct {
	SkuList          []wireSKU `json:"skuList"`
	OutOrderNo       string    `json:"outOrderNo"`
	TotalAmount      int64     `json:"totalAmount"`
	Currency         string    `json:"currency,omitempty"`
	PayExpireSeconds int       `json:"payExpireSeconds,omitempty"`
	PayNotifyURL     string    `json:"payNotifyUrl,omitempty"`
	MerchantUID      string    `json:"merchantUid,omitempty"`
	OrderEntrySchema Page      `json:"orderEntrySchema"`
	LimitPayWayList  []int     `json:"limitPayWayList,omitempty"`
	PayScene         string    `json:"payScene,omitempty"`
	PromotionID      string    `json:"promotionId,omitempty"`
}

// Data is the JSON text for tt.requestOrder: compact, integers only, no HTML escaping, always the
// same bytes for the same payment. Keep them: a repetition signs the same bytes, and no second
// encoder may touch them. Douyin answers every wrong value as if the signature were wrong, so each
// is looked at here; the error is a *douyin.FieldError that names field and limit.
func (p Payment) Data() ([]byte, error) {
	if f := p.fault(); f != nil {
		return nil, f
	}
	s := p.SKU
	return douyin.Marshal(wirePayment{
		SkuList: []wireSKU{{
			SkuID: s.ID, Price: s.Price, Quantity: s.Quantity, Title: s.Title, ImageList: []string{s.Image},
			Type: s.GoodsType, TagGroupID: s.TagGroupID, EntrySchema: s.Page, SkuAttr: s.Attr,
		}},
		OutOrderNo: p.OutOrderNo, TotalAmount: p.TotalAmount, Currency: p.Currency, PayExpireSeconds: p.PayExpireSeconds,
		PayNotifyURL: p.NotifyURL, MerchantUID: p.MerchantUID, OrderEntrySchema: p.OrderPage, LimitPayWayList: p.HidePayWays,
		PayScene: p.PayScene, PromotionID: p.PromotionID,
	})
}

func (p Payment) fault() *douyin.FieldError {
	return first(
		p.SKU.fault(),
		numberFault("outOrderNo", p.OutOrderNo),
		p.amountFault(),
		douyin.CheckRange("payExpireSeconds", int64(p.PayExpireSeconds), 0, MaxExpire),
		notifyFault("payNotifyUrl", p.NotifyURL, p.PlainNotify),
		douyin.CheckText("merchantUid", p.MerchantUID, 0, MaxNumberBytes),
		p.OrderPage.fault("orderEntrySchema"),
		payWayFault(p.HidePayWays),
		douyin.CheckText("payScene", p.PayScene, 0, MaxNumberBytes),
		douyin.CheckText("promotionId", p.PromotionID, 0, MaxNumberBytes),
	)
}

// amountFault holds total and price against each other, after the SKU was found right.
func (p Payment) amountFault() *douyin.FieldError {
	if f := first(currencyFault("currency", p.Currency), douyin.CheckRange("totalAmount", p.TotalAmount, 1, MaxAmount)); f != nil {
		return f
	}
	whole := p.SKU.Price * int64(p.SKU.Quantity) // at most MaxAmount times MaxQuantity
	switch {
	case p.Currency == Diamond && p.SKU.Quantity != 1:
		return fault("skuList[0].quantity", "want 1 where the currency is DIAMOND, found %d", p.SKU.Quantity)
	case p.TotalAmount > whole:
		return fault("totalAmount", "is %d, more than price times quantity, which is %d", p.TotalAmount, whole)
	}
	return nil
}

func (s SKU) fault() *douyin.FieldError {
	const at = "skuList[0]."
	f := first(
		douyin.CheckText(at+"skuId", s.ID, 1, MaxNumberBytes),
		douyin.CheckRange(at+"price", s.Price, 1, MaxAmount),
		douyin.CheckRange(at+"quantity", int64(s.Quantity), 1, MaxQuantity),
		douyin.CheckText(at+"title", s.Title, 1, MaxTitleBytes),
		imageFault(at+"imageList[0]", s.Image),
		douyin.CheckRange(at+"type", int64(s.GoodsType), 1, 99999),
		groupFault(at+"tagGroupId", s.TagGroupID),
		douyin.CheckText(at+"skuAttr", s.Attr, 0, MaxSkuAttrBytes),
	)
	switch {
	case f != nil:
		return f
	case strings.TrimSpace(s.Title) == "": // Douyin would read none
		return fault(at+"title", "is missing")
	case s.Attr == "" && NeedsAttr(s.GoodsType):
		return fault(at+"skuAttr", "is missing: goods of type %d need it", s.GoodsType)
	case s.Attr != "" && !isObject(s.Attr):
		return fault(at+"skuAttr", "want a JSON object as text, each name once")
	case s.Page != nil:
		return s.Page.fault(at + "entrySchema")
	}
	return nil
}

func (p Page) fault(field string) *douyin.FieldError {
	f := first(
		douyin.CheckText(field+".path", p.Path, 1, MaxPathBytes),
		douyin.CheckText(field+".params", p.Params, 0, MaxParamsBytes),
	)
	switch {
	case f != nil:
		return f
	case strings.HasPrefix(p.Path, "/"):
		return fault(field+".path", "want no leading /")
	case strings.ContainsFunc(p.Path, func(r rune) bool { return r != '/' && !isToken(string(r)) }):
		return fault(field+".path", "may hold only letters, digits, _ and /; a query belongs into params")
	case p.Params != "" && !isObject(p.Params):
		return fault(field+".params", "want a JSON object as text, each name once")
	}
	return nil
}

// isObject: Douyin refuses a name that stands twice.
func isObject(text string) bool {
	_, err := douyin.Members([]byte(text))
	return err == nil
}

// numberFault is about a developer's number. No page names the characters of trade's (UNCONFIRMED):
// those of guaranteed payment are taken.
func numberFault(field, value string) *douyin.FieldError {
	if f := douyin.CheckText(field, value, 1, MaxNumberBytes); f != nil {
		return f
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r != '-' && r != '*' && !isToken(string(r)) }) {
		return fault(field, "may hold only digits, latin letters, _, - and *")
	}
	return nil
}

// idFault is about one of Douyin's own ids.
func idFault(field, value string) *douyin.FieldError {
	return douyin.CheckText(field, value, 1, MaxNumberBytes)
}

func currencyFault(field, value string) *douyin.FieldError {
	if value != "" && value != CNY && value != Diamond {
		return fault(field, "want CNY or DIAMOND")
	}
	return nil
}

func imageFault(field, value string) *douyin.FieldError {
	if f := douyin.CheckText(field, value, 1, MaxURLBytes); f != nil {
		return f
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fault(field, "want an absolute http(s) address")
	}
	return nil
}

// groupFault knows the fault that was met live: the type repeated (LIVE-2025-07).
func groupFault(field, value string) *douyin.FieldError {
	if f := douyin.CheckText(field, value, 1, MaxNumberBytes); f != nil {
		return f
	}
	if _, err := strconv.Atoi(value); err == nil {
		return fault(field, "want a rule group such as tag_group_7272625659888041996, not a goods type")
	}
	return nil
}

func payWayFault(ways []int) *douyin.FieldError {
	seen := map[int]bool{}
	for _, w := range ways {
		if w != 1 && w != 2 && w != 10 || seen[w] {
			return fault("limitPayWayList", "want 1 (WeChat), 2 (Alipay) or 10 (Douyin Pay), each once")
		}
		seen[w] = true
	}
	return nil
}
