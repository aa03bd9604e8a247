package trade

// NeedsAttr tells whether a goods type needs skuAttr: 101 to 107 of telecommunication and 402 to 406
// of content (COPY-DM). For the latter the names inside are not known (UNCONFIRMED), so the shop's
// own JSON is passed through.
func NeedsAttr(goodsType int) bool {
	return goodsType >= 101 && goodsType <= 107 || goodsType >= 402 && goodsType <= 406
}

// Goods is what is published of a goods type (TRADE-CAP, TRADE-UPGRADE). The list has grown since:
// tag_query tells the app's own.
type Goods struct {
	Type    int      // as Payment.SKU.GoodsType
	Name    string   // Douyin's word for it
	Groups  []string // rule groups
	Fulfils bool     // it can be settled after fulfilment only, so it has to be told
}

// KnownGoods are the published types.
func KnownGoods() []Goods {
	const group = "tag_group_7272625659"
	return []Goods{
		{101, "号卡", []string{group + "887943692"}, true},
		{102, "定制服务", []string{group + "887960076", group + "887976460"}, true},
		{103, "虚拟充值", []string{group + "887992844"}, false},
		{201, "普通咨询", []string{group + "888009228", group + "888025612"}, true},
		{202, "代写文书", []string{"tag_group_7297888175123382299"}, true},
		{301, "虚拟服务", []string{group + "888058380"}, false},
		{401, "内容充值", []string{group + "888041996"}, false},
	}
}
