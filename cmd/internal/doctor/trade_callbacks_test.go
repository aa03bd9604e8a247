package doctor

import (
	"testing"

	"github.com/ordersync/ordersync/configs"
)

func TestWhatCallbacksOfTradeNeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*configs.Douyin)
		lines  int
	}{
		"nothing of trade":        {func(*configs.Douyin) {}, 0},
		"trade, and nothing else": {func(d *configs.Douyin) { d.Payments = "trade" }, 2},
		"a key, and no page":      {func(d *configs.Douyin) { d.Trade.PlatformKey = "canary" }, 1},
		"a page, and no key":      {func(d *configs.Douyin) { d.Payments, d.Trade.RefundPage.Path = "trade", "pages/refund" }, 1},
		"the order's page":        {func(d *configs.Douyin) { d.Trade.PlatformKey, d.Trade.OrderPage.Path = "canary", "pages/order" }, 0},
	} {
		cfg := configs.Default().Douyin
		c.change(&cfg)
		if got := tradeCallbacks(cfg); len(got) != c.lines {
			t.Errorf("%s: %v", name, got)
		}
	}
}
