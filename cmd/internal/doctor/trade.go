package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
)

const tradeCheck = "trade"

// Rules is what tells the app's own goods types and rule groups: a *trade.Client.
type Rules interface {
	QueryTags(ctx context.Context, goodsType int) ([]trade.TagGroup, douyin.Receipt, error)
}

// Trade checks what the second payment system needs: a client_token, the keys, and that the goods that
// are configured are among those that Douyin lets the app sell. A token that the processes share
// already is not fetched again.
func Trade(ctx context.Context, cfg *configs.Config, tokens Tokens, rules Rules) []Result {
	t := cfg.Douyin.Trade
	host := cfg.Douyin.OpenURL
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	first := token(ctx, host, cfg.Douyin.AppID, tokens)
	first.Check, first.Found = tradeCheck, "client_token: "+first.Found
	out := append([]Result{first}, tradeKeys(cfg)...)
	unnamed := eachNames(cfg)
	out = append(out, unnamed...)
	fulfils := knownToFulfil(t.GoodsType)
	if first.Level == OK {
		groups, _, err := rules.QueryTags(ctx, 0)
		if err != nil {
			out = append(out, rulesFailed(host, err))
		} else {
			out = append(out, sold(groups)...)
			if r := fits(t, groups); r.Level != OK || len(unnamed) == 0 {
				out = append(out, r)
			}
		}
	}
	return append(append(out, fulfilment(t, fulfils)...), audit(cfg.Refunds.Audit))
}

func tradeKeys(cfg *configs.Config) (out []Result) {
	t := cfg.Douyin.Trade
	if t.PrivateKey == "" {
		out = append(out, warn(tradeCheck, "no private key: ordersync signs no payment of trade", "set douyin.trade.private_key and key_version, unless the shop signs its own"))
	} else {
		out = append(out, ok(tradeCheck, "payments are signed with key_version %s: the console has to show it beside the uploaded public key", t.KeyVersion))
	}
	if t.PlatformKey == "" && len(t.PlatformKeysOld) == 0 {
		out = append(out, warn(tradeCheck, "no platform key: callbacks of trade cannot be verified and are refused, and a buyer's refund hangs until Douyin agrees to it",
			"set douyin.trade.platform_key to Douyin's public key of the app (平台公钥)"))
	} else {
		out = append(out, ok(tradeCheck, "callbacks are verified with %d platform key(s)", len(t.PlatformKeysOld)+min(1, len(t.PlatformKey))))
	}
	return out
}

func rulesFailed(host string, err error) Result {
	var e *douyin.Error
	cure := "see that " + host + " can be reached from here"
	if errors.Is(err, trade.ErrRight) || errors.As(err, &e) && e.Code != 0 {
		cure = "open the capability 通用交易系统 for the app in Douyin's console, and look the number up in Douyin's documents"
	}
	return warn(tradeCheck, "tag_query does not tell the app's goods: "+err.Error(), cure)
}

// sold lists what Douyin lets the app sell, one line for each rule group.
func sold(groups []trade.TagGroup) []Result {
	if len(groups) == 0 {
		return []Result{warn(tradeCheck, "tag_query knows no goods of the app", "open the goods that the app sells in Douyin's console")}
	}
	var out []Result
	for _, g := range groups {
		types, names := map[string]bool{}, map[string]bool{}
		for _, tag := range g.Tags {
			if tag.GoodsType != 0 {
				types[strconv.Itoa(tag.GoodsType)] = true
			}
			if tag.Name != "" {
				names[tag.Name] = true
			}
		}
		words := map[string]bool{}
		for _, r := range g.Rules {
			if r.BizStatus != "" {
				words[r.BizStatus] = true
			}
		}
		found := "the app may sell goods_type " + list(types) + " by " + g.ID
		if len(names) > 0 {
			found += " (" + list(names) + ")"
		}
		if len(words) > 0 {
			found += "; states of fulfilment: " + list(words)
		}
		out = append(out, ok(tradeCheck, "%s", found))
	}
	return out
}

func list(words map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(words)), ", ")
}

// fits tells whether goods_type and tag_group_id are among those of the app.
func fits(t configs.Trade, groups []trade.TagGroup) Result {
	typeThere, groupThere := t.GoodsType == 0, t.TagGroupID == ""
	for _, g := range groups {
		groupThere = groupThere || g.ID == t.TagGroupID
		for _, tag := range g.Tags {
			typeThere = typeThere || tag.GoodsType == t.GoodsType
		}
	}
	switch {
	case !typeThere:
		return warn(tradeCheck, fmt.Sprintf("douyin.trade.goods_type is %d, which tag_query does not name for the app", t.GoodsType), "set it to one of the types above")
	case !groupThere:
		return warn(tradeCheck, "douyin.trade.tag_group_id is "+t.TagGroupID+", which tag_query does not name for the app", "set it to one of the groups above")
	case t.GoodsType == 0 || t.TagGroupID == "":
		return ok(tradeCheck, "each payment names its own goods_type or tag_group_id")
	}
	return ok(tradeCheck, "goods_type %d and %s are among them", t.GoodsType, t.TagGroupID)
}

// eachNames warns where new payments are of trade and the configuration does not say what is sold:
// POST /v1/payments refuses each that does not say so itself.
func eachNames(cfg *configs.Config) (out []Result) {
	t := cfg.Douyin.Trade
	if cfg.Douyin.Payments != "trade" || t.PrivateKey == "" {
		return nil
	}
	for _, key := range []struct {
		name    string
		missing bool
	}{{"goods_type", t.GoodsType == 0}, {"tag_group_id", t.TagGroupID == ""}} {
		if key.missing {
			out = append(out, warn(tradeCheck, "douyin.trade."+key.name+" is empty: each payment that does not name its own "+key.name+" is refused (422)",
				"set it to what tag_query lists for the app, unless the shop sends "+key.name+" with each payment"))
		}
	}
	return out
}

// knownToFulfil tells of a goods type whether it is published that its orders have to be fulfilled.
func knownToFulfil(goodsType int) bool {
	return slices.ContainsFunc(trade.KnownGoods(), func(g trade.Goods) bool { return g.Type == goodsType && g.Fulfils })
}

// fulfilment says what becomes of fulfilment.
func fulfilment(t configs.Trade, needed bool) []Result {
	switch {
	case len(t.Fulfil) > 0:
		words := map[string]bool{}
		for word, to := range t.Fulfil {
			words[word+" → "+to] = true
		}
		return []Result{ok(tradeCheck, "fulfill_push_status tells %s", list(words))}
	case needed:
		return []Result{warn(tradeCheck, fmt.Sprintf("douyin.trade.fulfil is empty, and goods_type %d is settled only after fulfilment: nobody tells Douyin of it, and the money stays there", t.GoodsType),
			"set douyin.trade.fulfil, as {redeemed: …}, with the states of fulfilment that are listed above")}
	}
	return []Result{ok(tradeCheck, "douyin.trade.fulfil is empty: no fulfilment is told, which goods that are settled after payment (301, 401) do not need")}
}

func audit(policy string) Result {
	if policy == "agree" {
		return ok(tradeCheck, "refunds.audit is agree: a buyer's refund that needs the shop's word is agreed to at once")
	}
	return ok(tradeCheck, "refunds.audit is manual: a buyer's refund that needs the shop's word waits for it, and after 72 hours Douyin agrees")
}
