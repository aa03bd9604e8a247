package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/douyin/trade"
)

// tags is Douyin's answer to tag_query.
type tags struct {
	groups []trade.TagGroup
	err    error
}

func (f tags) QueryTags(context.Context, int) ([]trade.TagGroup, douyin.Receipt, error) {
	return f.groups, douyin.Receipt{}, f.err
}

func TestTrade(t *testing.T) {
	consulting := tags{groups: []trade.TagGroup{{
		ID: "tag_group_1", Tags: []trade.Tag{{Name: "随时退", GoodsType: 201}}, Rules: []trade.TagRule{{BizStatus: "DOING"}, {BizStatus: "DONE"}},
	}}}
	whole := func(change func(*configs.Config)) *configs.Config {
		cfg := configs.Default()
		cfg.Douyin.AppID = "tt1"
		cfg.Douyin.Trade = configs.Trade{
			PrivateKey: "private-canary", KeyVersion: "3", PlatformKey: "platform-canary", GoodsType: 201, TagGroupID: "tag_group_1", Fulfil: map[string]string{"redeemed": "DONE"},
		}
		change(cfg)
		return cfg
	}
	for name, c := range map[string]struct {
		change func(*configs.Config)
		tokens Tokens
		rules  Rules
		level  Level // of the worst
		says   string
	}{
		"whole":             {says: "goods_type 201 by tag_group_1 (随时退); states of fulfilment: DOING, DONE"},
		"the key's version": {says: "key_version 3"},
		"cached":            {tokens: tokens{age: time.Minute, left: time.Hour}, says: "client_token: a token for tt1 is cached since 1m0s"},
		"no token":          {tokens: tokens{err: errors.New("10013")}, level: Failure, says: "client_token: no token from open.douyin.com"},
		"no platform key":   {change: func(c *configs.Config) { c.Douyin.Trade.PlatformKey = "" }, level: Warning, says: "callbacks of trade cannot be verified"},
		"no private key":    {change: func(c *configs.Config) { c.Douyin.Trade.PrivateKey = "" }, level: Warning, says: "signs no payment"},
		"another type":      {change: func(c *configs.Config) { c.Douyin.Trade.GoodsType = 401 }, level: Warning, says: "goods_type is 401, which tag_query does not name"},
		"another group":     {change: func(c *configs.Config) { c.Douyin.Trade.TagGroupID = "tag_group_2" }, level: Warning, says: "tag_group_2, which tag_query does not name"},
		"no fulfilment":     {change: func(c *configs.Config) { c.Douyin.Trade.Fulfil = nil }, level: Warning, says: "settled only after fulfilment"},
		"none is needed":    {change: func(c *configs.Config) { c.Douyin.Trade.Fulfil, c.Douyin.Trade.GoodsType = nil, 0 }, says: "no fulfilment is told"},
		"no right":          {rules: tags{err: &douyin.Error{Op: trade.OpTagQuery, Kind: douyin.Unauthorized, Code: 11006, Err: trade.ErrRight}}, level: Warning, says: "open the capability"},
		"nothing is sold":   {rules: tags{}, level: Warning, says: "knows no goods"},
		"audits":            {says: "refunds.audit is manual"},
		"no group, and payments are of trade": {
			change: func(c *configs.Config) { c.Douyin.Payments, c.Douyin.Trade.TagGroupID = "trade", "" }, level: Warning,
			says: "douyin.trade.tag_group_id is empty: each payment that does not name its own tag_group_id is refused (422)",
		},
		"no type, and payments are of trade": {
			change: func(c *configs.Config) { c.Douyin.Payments, c.Douyin.Trade.GoodsType = "trade", 0 }, level: Warning, says: "douyin.trade.goods_type is empty",
		},
		"no group, and payments are of ecpay": {change: func(c *configs.Config) { c.Douyin.Trade.TagGroupID = "" }, says: "each payment names its own"},
	} {
		if c.change == nil {
			c.change = func(*configs.Config) {}
		}
		if c.tokens == nil {
			c.tokens = tokens{}
		}
		if c.rules == nil {
			c.rules = consulting
		}
		worst, said := OK, ""
		for _, r := range Trade(t.Context(), whole(c.change), c.tokens, c.rules) {
			worst, said = max(worst, r.Level), said+r.String()+"\n"
		}
		if worst != c.level || !strings.Contains(said, c.says) || strings.Contains(said, "canary") {
			t.Errorf("%s: level %d, want %d and %q:\n%s", name, worst, c.level, c.says, said)
		}
	}
}
