package trade

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/ordersync/ordersync/douyin"
)

// Limits of settle_create (TRADE-SETTLE).
const (
	MaxSettleDesc        = 80  // characters, as in guaranteed payment; trade's own limit is UNCONFIRMED
	MaxSettleParamsBytes = 512 // of settle_params, as it is sent
)

// Settlement is what settle_create asks (TRADE-SETTLE): the order's money leaves transit. One for
// the whole order; a second one is UNCONFIRMED.
type Settlement struct {
	OutOrderNo  string            // of the payment
	OutSettleNo string            // the shop's number
	Desc        string            // at most 80 characters
	Receivers   []douyin.Receiver // beside the seller; none: all goes to the seller
	ItemOrderID string            // settles one item; the whole order can then be settled no more. Empty: the whole
	Ext         string            // comes back as CPExtra, at most 2048 bytes
	NotifyURL   string            // empty: Config.NotifyURL
}

// EncodeReceivers makes the text of settle_params: those who get a part beside the seller; "" for
// none. The error is a *douyin.FieldError.
func EncodeReceivers(receivers []douyin.Receiver) (string, error) {
	text, f := encodeReceivers(receivers)
	if f != nil {
		return "", f
	}
	return text, nil
}

func encodeReceivers(receivers []douyin.Receiver) (string, *douyin.FieldError) {
	if len(receivers) == 0 {
		return "", nil
	}
	var sum int64
	for i, r := range receivers {
		at := fmt.Sprintf("settle_params[%d].", i)
		f := first(douyin.CheckText(at+"merchant_uid", r.MerchantUID, 1, MaxNumberBytes), douyin.CheckRange(at+"amount", r.Amount, 1, MaxAmount))
		if f != nil {
			return "", f
		}
		if sum += r.Amount; sum > MaxAmount {
			return "", fault("settle_params", "sums up to more than %d", int64(MaxAmount))
		}
	}
	raw, err := douyin.Marshal(receivers)
	if err != nil {
		return "", fault("settle_params", "cannot be encoded")
	}
	return string(raw), douyin.CheckText("settle_params", string(raw), 1, MaxSettleParamsBytes)
}

// Settle asks Douyin to settle and returns Douyin's number of the settlement. Success means accepted,
// not done: the outcome comes by callback or QuerySettles.
//
// douyin.ErrNotYet: the cycle or the fulfilment is not over, nothing took effect, repeat later.
// ErrAutoSettle: the app settles by itself. When the error's MayHave is set, or its Kind is
// douyin.Doubtful (ErrExists among them), ask QuerySettles first, as for refunds.
func (c *Client) Settle(ctx context.Context, s Settlement) (settleID string, r douyin.Receipt, err error) {
	params, badParams := encodeReceivers(s.Receivers)
	notify, badNotify := c.notify(s.NotifyURL)
	bad := first(
		numberFault("out_order_no", s.OutOrderNo),
		numberFault("out_settle_no", s.OutSettleNo),
		douyin.CheckText("settle_desc", s.Desc, 1, 0),
		badParams,
		douyin.CheckText("item_order_id", s.ItemOrderID, 0, MaxNumberBytes),
		douyin.CheckText("ext", s.Ext, 0, MaxExtraBytes),
		badNotify,
	)
	if n := utf8.RuneCountInString(s.Desc); bad == nil && n > MaxSettleDesc {
		bad = fault("settle_desc", "has %d characters, at most %d are allowed", n, MaxSettleDesc)
	}
	request := struct {
		AppID       string `json:"app_id"`
		OutOrderNo  string `json:"out_order_no"`
		OutSettleNo string `json:"out_settle_no"`
		Desc        string `json:"settle_desc"`
		Params      string `json:"settle_params,omitempty"`
		ItemOrderID string `json:"item_order_id,omitempty"`
		Ext         string `json:"ext,omitempty"`
		NotifyURL   string `json:"notify_url,omitempty"`
	}{c.cfg.AppID, s.OutOrderNo, s.OutSettleNo, s.Desc, params, s.ItemOrderID, s.Ext, notify}
	return c.create(ctx, OpSettleCreate, bad, request, "settle_id")
}

// SettleState is one row of settle_query's answer (TRADE-SDK).
type SettleState struct {
	OrderID        string    // Douyin's
	OutOrderNo     string    // the shop's number
	OutSettleNo    string    // the same as SettleID of an automatic one
	SettleID       string    // Douyin's
	WalletSettleID string    // of Douyin's wallet; may be empty
	ItemOrderID    string    // Douyin's; empty: of the whole order
	Status         Result    // Success and Fail end it; any other text is under way
	Amount         int64     // fen
	Rake           int64     // fen, Douyin's fee
	Commission     int64     // fen, of promoters
	Detail         string    // who got what, in Douyin's words
	CPExtra        string    // as it was sent
	SettledAt      time.Time // zero: not told
}

// SettleKey names what QuerySettles asks about: exactly one is given.
type SettleKey struct{ OutSettleNo, SettleID, OutOrderNo, OrderID string }

// QuerySettles asks for settlements; by an order also for those that Douyin made by itself. No row
// means that Douyin knows none: it was not accepted, or not long ago. Any error: ask again later.
func (c *Client) QuerySettles(ctx context.Context, k SettleKey) ([]SettleState, douyin.Receipt, error) {
	request := struct {
		AppID       string `json:"app_id"`
		SettleID    string `json:"settle_id,omitempty"`
		OrderID     string `json:"order_id,omitempty"`
		OutSettleNo string `json:"out_settle_no,omitempty"`
		OutOrderNo  string `json:"out_order_no,omitempty"`
	}{c.cfg.AppID, k.SettleID, k.OrderID, k.OutSettleNo, k.OutOrderNo}
	bad := oneOf(key{"out_settle_no", k.OutSettleNo}, key{"settle_id", k.SettleID}, key{"out_order_no", k.OutOrderNo}, key{"order_id", k.OrderID})
	var states []SettleState
	r, err := c.call(ctx, OpSettleQuery, bad, request, func(answer []byte) bool {
		var ok bool
		states, ok = readSettles(answer)
		for _, s := range states {
			ok = ok && matches(k.OutSettleNo, s.OutSettleNo) && matches(k.SettleID, s.SettleID)
		}
		return ok
	})
	if err != nil {
		return nil, r, err
	}
	return states, r, nil
}

// readSettles reads an answer. One without data is no answer: it does not say that there is none.
func readSettles(answer []byte) (states []SettleState, ok bool) {
	var got struct {
		Data json.RawMessage `json:"data"`
	}
	var list []struct {
		OrderID     douyin.Cell `json:"order_id"`
		OutOrderNo  douyin.Cell `json:"out_order_no"`
		OutSettleNo douyin.Cell `json:"out_settle_no"`
		SettleID    douyin.Cell `json:"settle_id"`
		Wallet      douyin.Cell `json:"wallet_settle_id"`
		ItemOrderID douyin.Cell `json:"item_order_id"`
		Status      douyin.Cell `json:"settle_status"`
		Amount      douyin.Cell `json:"settle_amount"`
		Rake        douyin.Cell `json:"rake"`
		Commission  douyin.Cell `json:"commission"`
		Detail      douyin.Cell `json:"settle_detail"`
		CPExtra     douyin.Cell `json:"cp_extra"`
		SettleAt    douyin.Cell `json:"settle_at"`
	}
	if json.Unmarshal(answer, &got) != nil || got.Data == nil || json.Unmarshal(got.Data, &list) != nil {
		return nil, false
	}
	var r reader
	for _, i := range list {
		states = append(states, SettleState{
			OrderID: i.OrderID.Text(), OutOrderNo: i.OutOrderNo.Text(), OutSettleNo: i.OutSettleNo.Text(), SettleID: r.id("settle_id", i.SettleID),
			WalletSettleID: i.Wallet.Text(), ItemOrderID: i.ItemOrderID.Text(), Status: Result(r.id("settle_status", i.Status)),
			Amount: r.amount("settle_amount", i.Amount), Rake: r.spare("rake", i.Rake), Commission: r.spare("commission", i.Commission),
			Detail: i.Detail.Text(), CPExtra: i.CPExtra.Text(), SettledAt: i.SettleAt.Time(),
		})
	}
	return states, r.field == ""
}
