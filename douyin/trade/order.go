package trade

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// PaymentState is order_query's answer (TRADE-ORDER).
type PaymentState struct {
	AppID          string      // of the mini-app
	OrderID        string      // Douyin's
	OutOrderNo     string      // the shop's number
	Status         Result      // Process, Success, Timeout, Fail; any other text is no end
	TotalAmount    int64       // fen
	DiscountAmount int64       // fen; what was paid is the difference
	PayChannel     string      // "1" WeChat, "2" Alipay, "10" Douyin Pay, "20" diamonds
	ChannelPayID   string      // of WeChat or Alipay; may be empty
	MerchantUID    string      // who receives the money
	OrderedAt      time.Time   // zero: not told
	PaidAt         time.Time   // zero: not told
	Items          []OrderItem // empty: not told yet
	Currency       string      // of diamonds only, as the next
	TotalDiamonds  int64       // 0: no diamonds
}

// OrderItem is an item of an order. Partial refunds name it.
type OrderItem struct {
	ItemOrderID string // Douyin's
	SkuID       string // of the goods, as it was sent
	Amount      int64  // fen
	Diamonds    int64  // 0: no diamonds
}

// QueryOrder asks how a payment stands, by the shop's number or by Douyin's order id: exactly one.
// douyin.ErrNotFound: nobody has made an order of it yet. Any other error: ask again later.
func (c *Client) QueryOrder(ctx context.Context, outOrderNo, orderID string) (PaymentState, douyin.Receipt, error) {
	request := struct {
		OrderID    string `json:"order_id,omitempty"`
		OutOrderNo string `json:"out_order_no,omitempty"`
	}{orderID, outOrderNo}
	var state PaymentState
	r, err := c.call(ctx, OpOrderQuery, oneOf(key{"out_order_no", outOrderNo}, key{"order_id", orderID}), request, func(answer []byte) bool {
		var ok bool
		state, ok = readPayment(answer)
		return ok && matches(outOrderNo, state.OutOrderNo) && matches(orderID, state.OrderID)
	})
	if err != nil {
		return PaymentState{}, r, err
	}
	return state, r, nil
}

func readPayment(answer []byte) (PaymentState, bool) {
	var got struct {
		Data struct {
			AppID          douyin.Cell `json:"app_id"`
			OrderID        douyin.Cell `json:"order_id"`
			OutOrderNo     douyin.Cell `json:"out_order_no"`
			PayStatus      douyin.Cell `json:"pay_status"`
			TotalAmount    douyin.Cell `json:"total_amount"`
			DiscountAmount douyin.Cell `json:"discount_amount"`
			PayChannel     douyin.Cell `json:"pay_channel"`
			ChannelPayID   douyin.Cell `json:"channel_pay_id"`
			MerchantUID    douyin.Cell `json:"merchant_uid"`
			TradeTime      douyin.Cell `json:"trade_time"`
			PayTime        douyin.Cell `json:"pay_time"`
			Currency       douyin.Cell `json:"currency"`
			Diamonds       douyin.Cell `json:"total_currency_amount"`
			Items          []struct {
				ItemOrderID douyin.Cell `json:"item_order_id"`
				SkuID       douyin.Cell `json:"sku_id"`
				Amount      douyin.Cell `json:"item_order_amount"`
				Diamonds    douyin.Cell `json:"item_order_currency_amount"`
			} `json:"item_order_list"`
		} `json:"data"`
	}
	if json.Unmarshal(answer, &got) != nil {
		return PaymentState{}, false
	}
	var r reader
	d := got.Data
	state := PaymentState{
		AppID: d.AppID.Text(), OrderID: r.id("order_id", d.OrderID), OutOrderNo: r.id("out_order_no", d.OutOrderNo),
		Status: Result(r.id("pay_status", d.PayStatus)), TotalAmount: r.amount("total_amount", d.TotalAmount),
		DiscountAmount: r.spare("discount_amount", d.DiscountAmount), PayChannel: d.PayChannel.Text(), ChannelPayID: d.ChannelPayID.Text(),
		MerchantUID: d.MerchantUID.Text(), OrderedAt: d.TradeTime.Time(), PaidAt: d.PayTime.Time(),
		Currency: d.Currency.Text(), TotalDiamonds: r.spare("total_currency_amount", d.Diamonds),
	}
	for _, i := range d.Items {
		state.Items = append(state.Items, OrderItem{
			ItemOrderID: r.id("item_order_id", i.ItemOrderID), SkuID: i.SkuID.Text(),
			Amount: r.spare("item_order_amount", i.Amount), Diamonds: r.spare("item_order_currency_amount", i.Diamonds),
		})
	}
	return state, r.field == ""
}

// key is one of the ways to name what a query asks about.
type key struct{ field, value string }

// oneOf wants exactly one of keys, of a fitting length.
func oneOf(keys ...key) *douyin.FieldError {
	var found []key
	for _, k := range keys {
		if k.value != "" {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		return fault(keys[0].field, "want exactly one of the query's %d keys, found %d", len(keys), len(found))
	}
	return idFault(found[0].field, found[0].value)
}

// matches tells that an answer is about what was asked; an asked one that is empty was not asked.
func matches(asked, answered string) bool { return asked == "" || asked == answered }
