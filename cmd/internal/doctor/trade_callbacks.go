package doctor

import "github.com/ordersync/ordersync/configs"

// tradeCallbacks looks at what Douyin's callbacks of trade need, where anything of trade is
// configured.
func tradeCallbacks(cfg configs.Douyin) []Result {
	const check = "douyin"
	if whole := (&configs.Config{Douyin: cfg}); !whole.TradeOn() {
		return nil
	}
	var out []Result
	if cfg.Trade.PlatformKey == "" {
		out = append(out, warn(check, "no platform key: Douyin's callbacks of trade are not taken, and buyers' refunds hang until Douyin agrees after 72 hours",
			"set douyin.trade.platform_key to Douyin's own public key (平台公钥), which the console shows beside the app's"))
	}
	if cfg.Trade.RefundPage.Path == "" && cfg.Trade.OrderPage.Path == "" {
		out = append(out, warn(check, "no page for refunds: a buyer who asks Douyin for one is shown pages/index/index",
			"set douyin.trade.refund_page, or order_page, to a page of the mini-app"))
	}
	return out
}
