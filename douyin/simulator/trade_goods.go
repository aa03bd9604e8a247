package simulator

import "slices"

// goods of trade, as far as their numbers are published.
type tradeGoods struct {
	kind    int64
	name    string
	groups  []string // tagGroupId without tagPrefix's part; empty: not published
	fulfil  bool     // settled after fulfilment, so fulfilment has to be told
	skuAttr bool     // needs skuAttr
}

const tagPrefix = "tag_group_"

var allGoods = []tradeGoods{
	{101, "号卡", []string{"7272625659887943692"}, true, true},
	{102, "定制服务", []string{"7272625659887960076", "7272625659887976460"}, true, true},
	{103, "虚拟充值", []string{"7272625659887992844"}, false, true},
	{104, "", nil, false, true},
	{105, "", nil, false, true},
	{106, "", nil, false, true},
	{107, "", nil, false, true},
	{201, "普通咨询", []string{"7272625659888009228", "7272625659888025612"}, true, false},
	{202, "代写文书", []string{"7297888175123382299"}, true, false},
	{301, "虚拟服务", []string{"7272625659888058380"}, false, false},
	{401, "内容充值", []string{"7272625659888041996"}, false, false},
	{402, "", nil, false, true},
	{403, "", nil, false, true},
	{404, "剧集", nil, false, true},
	{405, "", nil, false, true},
	{406, "", nil, false, true},
}

// goodsOf knows a type of goods. The list has grown since it was published, so further types of
// consultation (2xx) and of general industry (7xx) are known too.
func goodsOf(kind int64) (tradeGoods, bool) {
	if i := slices.IndexFunc(allGoods, func(g tradeGoods) bool { return g.kind == kind }); i >= 0 {
		return allGoods[i], true
	}
	switch kind / 100 {
	case 2:
		return tradeGoods{kind: kind, fulfil: true}, true
	case 7:
		return tradeGoods{kind: kind}, true
	}
	return tradeGoods{}, false
}

// takesGroup tells whether a group of rules may stand with these goods: it must not be known as
// that of others.
func (g tradeGoods) takesGroup(id string) bool {
	for _, other := range allGoods {
		if slices.Contains(other.groups, id) {
			return slices.Contains(g.groups, id)
		}
	}
	return true
}

var tagQueryRules = []fieldRule{{"goods_type", false, isInt(1, 999)}}

type tagDetails struct {
	List []tagDetail `json:"tag_detail_list"`
}

type tagDetail struct {
	TagGroupID string    `json:"tag_group_id"`
	TagList    []tag     `json:"tag_list"`
	RuleList   []tagRule `json:"rule_list"`
}

type tag struct {
	TagID     string   `json:"tag_id"`
	TagName   string   `json:"tag_name"`
	TagType   int      `json:"tag_type"`
	TagDescs  []string `json:"tag_descs"`
	BizLine   int      `json:"biz_line"`
	GoodsType int64    `json:"goods_type"`
}

type tagRule struct {
	RuleID     string     `json:"rule_id"`
	RuleType   int        `json:"rule_type"`
	RefundRule refundRule `json:"refund_rule"`
}

type refundRule struct {
	BizStatus         string `json:"biz_status"`
	MerchantAuditType int    `json:"merchant_audit_type"`
	RefundType        int    `json:"refund_type"`
}

// tagQuery answers tag_query with the groups that are published. The numbers of rules, and those of
// merchant_audit_type and refund_type, are UNCONFIRMED.
func (s *Server) tagQuery(c *call, _ string) (any, *refusal) {
	want := c.tree.num("goods_type")
	out := tagDetails{List: []tagDetail{}}
	for _, g := range allGoods {
		if want != 0 && g.kind != want {
			continue
		}
		for _, id := range g.groups {
			d := tagDetail{TagGroupID: tagPrefix + id, TagList: []tag{{
				TagID: "tag_" + id, TagName: g.name, TagType: 1, TagDescs: []string{g.name}, BizLine: 1, GoodsType: g.kind,
			}}, RuleList: []tagRule{}}
			for i, state := range s.cfg.Trade.FulfilStates {
				if !g.fulfil && i > 0 {
					break
				}
				d.RuleList = append(d.RuleList, tagRule{"rule_" + id + "_" + state, 1, refundRule{state, i, i}})
			}
			out.List = append(out.List, d)
		}
	}
	return out, nil
}
