package simulator

import (
	"math"
	"strings"
)

// currencies of trade. Amounts in DIAMOND are diamonds, all others fen.
const (
	yuan    = "CNY"
	diamond = "DIAMOND"
)

// channels of payment.
const (
	channelWeChat  = 1
	channelAlipay  = 2
	channelDouyin  = 10
	channelDiamond = 20
)

var orderDataRules = []fieldRule{
	{"skuList", true, isArray(1, 1, isObject(skuRules...))},
	{"outOrderNo", true, isText(1, 64)},
	{"totalAmount", true, isInt(1, mostFen)},
	{"currency", false, isOneOfTexts(yuan, diamond)},
	{"payExpireSeconds", false, isInt(0, 48*60*60)},
	{"payNotifyUrl", false, isAddress},
	{"merchantUid", false, isText(1, 64)},
	{"orderEntrySchema", true, isSchema},
	{"limitPayWayList", false, isArray(0, 3, isOneOfInts(channelWeChat, channelAlipay, channelDouyin))},
	{"payScene", false, isOneOfTexts("IM")},
	{"promotionId", false, isText(1, 512)},
}

var skuRules = []fieldRule{
	{"skuId", true, isText(1, 256)},
	{"price", true, isInt(1, mostFen)},
	{"quantity", true, isInt(1, 100)},
	{"title", true, isText(1, 256)},
	{"imageList", true, isArray(1, 1, isText(1, 512))},
	{"type", true, isInt(1, 999)},
	{"tagGroupId", true, isText(len(tagPrefix)+1, 256)},
	{"entrySchema", false, isSchema},
	{"skuAttr", false, isJSONObject(4096)},
}

// telecomRules are skuAttr of 101 to 107.
var telecomRules = []fieldRule{
	{"package_cost", false, isObject(
		fieldRule{"amount", true, isInt(0, mostFen)}, fieldRule{"time_len", true, isInt(1, math.MaxInt32)}, fieldRule{"unit", true, isOneOfTexts("year", "month", "day")})},
	{"call_duration", false, isInt(0, math.MaxInt32)},
	{"traffic_bundle", false, isInt(0, math.MaxInt32)},
	{"telecom_operator_type", false, isOneOfTexts("official", "private")},
}

// judgeOrderData reads data of tt.requestOrder and finds its first flaw.
func judgeOrderData(text string) (value, *flaw) {
	v, err := tree([]byte(text))
	if err != nil {
		return v, &flaw{field: "data", reason: err.Error(), kind: wrongType}
	}
	if f := v.obey(orderDataRules); f != nil {
		return v, f
	}
	sku := &v.list("skuList")[0]
	goods, known := goodsOf(sku.num("type"))
	group, prefixed := strings.CutPrefix(sku.str("tagGroupId"), tagPrefix)
	at := func(field, reason string) (value, *flaw) { return v, &flaw{field: field, reason: reason} }
	switch {
	case !known:
		return at("skuList.0.type", "is no type of goods")
	case !prefixed:
		return at("skuList.0.tagGroupId", "want tag_group_ first")
	case !goods.takesGroup(group):
		return at("skuList.0.tagGroupId", "is a group of other goods")
	case goods.skuAttr && sku.find("skuAttr") == nil:
		return at("skuList.0.skuAttr", "is missing, and these goods need it")
	case v.str("currency") == diamond && sku.num("quantity") != 1:
		return at("skuList.0.quantity", "want 1 where the currency is DIAMOND")
	case v.num("totalAmount") > sku.num("price")*sku.num("quantity"):
		// UNCONFIRMED what Douyin makes of it; less is a discount of the shop
		return at("totalAmount", "is more than price times quantity")
	}
	if attr := sku.str("skuAttr"); attr != "" && goods.kind/100 == 1 {
		inner, err := tree([]byte(attr))
		if err != nil {
			return at("skuList.0.skuAttr", err.Error())
		}
		if f := inner.obey(telecomRules); f != nil {
			return at("skuList.0.skuAttr", f.text())
		}
	}
	return v, nil
}
