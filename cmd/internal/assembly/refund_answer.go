package assembly

import (
	"strings"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/trade"
)

// firstPage is a page that mini-apps made from Douyin's template have. An answer without a page
// lets the buyer's refund hang, one with a page that is not there shows the buyer an error.
const firstPage = "pages/index/index"

// RefundPage is the page that a buyer sees of a refund. configured is false where neither
// douyin.trade.refund_page nor douyin.trade.order_page is set, and the first page of the mini-app
// stands in.
func RefundPage(t configs.Trade) (page configs.Page, configured bool) {
	for _, p := range []configs.Page{t.RefundPage, t.OrderPage} {
		if p.Path != "" {
			return p, true
		}
	}
	return configs.Page{Path: firstPage}, false
}

// plainNotify lets Douyin be told of a notify_url without TLS: a simulator is called without, too.
func plainNotify(d configs.Douyin) bool { return strings.HasPrefix(d.OpenURL, "http://") }

// refundAnswer makes answers to pre_create_refund. What of the configuration Douyin would not take
// is left out and logged: a refund must not hang on it.
func refundAnswer(cfg configs.Douyin, log zerolog.Logger) func(desk.RefundAsked) ([]byte, error) {
	shown := refundPage(cfg.Trade)
	return func(r desk.RefundAsked) ([]byte, error) {
		whole := trade.RefundAnswer{
			OutRefundNo: r.OutRefundNo, Page: shown.Fill(r.OrderID, r.OutOrderNo, r.OutRefundNo), NotifyURL: cfg.NotifyURL, PlainNotify: plainNotify(cfg),
		}
		bare := whole
		bare.Page.Params = ""
		least := trade.RefundAnswer{OutRefundNo: r.OutRefundNo, Page: trade.Page{Path: firstPage}}
		noNotify := whole
		noNotify.NotifyURL = ""
		var fault error
		for _, a := range []trade.RefundAnswer{whole, noNotify, bare, least} {
			answer, err := a.Encode()
			if err == nil {
				if fault != nil {
					log.Error().Err(fault).Str("number", r.OutRefundNo).Msg("the answer to pre_create_refund goes without what Douyin would not take")
				}
				return answer, nil
			}
			fault = err
		}
		return nil, fault
	}
}
