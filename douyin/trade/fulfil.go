package trade

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ordersync/ordersync/douyin"
)

// Fulfilment is what fulfill_push_status asks (TRADE-SDK): how far the shop is with an order whose
// goods type needs it. Douyin's states go forward only.
type Fulfilment struct {
	OrderID      string   // Douyin's
	ItemOrderIDs []string // Douyin's, of QueryOrder; 1 to 99
	// ToStatus has no published values (UNCONFIRMED): QueryTags tells the words of the app's goods
	// type as BizStatus.
	ToStatus string
}

// Fulfil tells Douyin. Success means that the order stands there now. A state that does not follow is
// refused with a code that is UNCONFIRMED, 20001 by its meaning: douyin.Doubtful.
func (c *Client) Fulfil(ctx context.Context, f Fulfilment) (douyin.Receipt, error) {
	bad := first(
		idFault("order_id", f.OrderID),
		douyin.CheckRange("item_order_id_list", int64(len(f.ItemOrderIDs)), 1, MaxRefundItems),
		douyin.CheckText("to_status", f.ToStatus, 1, MaxNumberBytes),
	)
	for i := 0; bad == nil && i < len(f.ItemOrderIDs); i++ {
		bad = idFault(fmt.Sprintf("item_order_id_list[%d]", i), f.ItemOrderIDs[i])
	}
	request := struct {
		OrderID  string   `json:"order_id"`
		Items    []string `json:"item_order_id_list"`
		ToStatus string   `json:"to_status"`
	}{f.OrderID, f.ItemOrderIDs, f.ToStatus}
	return c.call(ctx, OpFulfil, bad, request, accepted)
}

// TagGroup is a rule group that the app may use (TRADE-SDK).
type TagGroup struct {
	ID    string    // as Payment.SKU.TagGroupID
	Tags  []Tag     // what the buyer is shown
	Rules []TagRule // how refunds go, one for each state of fulfilment
}

// Tag is what the buyer is shown of a group. Type and BizLine are Douyin's numbers, whose meaning is
// not published (UNCONFIRMED); 0: not told.
type Tag struct {
	ID, Name  string
	Type      int
	Texts     []string // as the buyer reads them
	BizLine   int
	GoodsType int // as Payment.SKU.GoodsType
}

// TagRule says how refunds go while an order is in BizStatus, which is a state of fulfilment. Type,
// Audit and RefundType are Douyin's numbers, whose meaning is not published (UNCONFIRMED); 0: not told.
type TagRule struct {
	ID         string
	Type       int
	BizStatus  string // as Fulfilment.ToStatus
	Audit      int    // merchant_audit_type
	RefundType int
}

// QueryTags asks for the app's own rule groups, of one goods type or, with 0, of all.
func (c *Client) QueryTags(ctx context.Context, goodsType int) ([]TagGroup, douyin.Receipt, error) {
	request := struct {
		GoodsType int `json:"goods_type,omitempty"`
	}{goodsType}
	var groups []TagGroup
	r, err := c.call(ctx, OpTagQuery, douyin.CheckRange("goods_type", int64(goodsType), 0, 99999), request, func(answer []byte) bool {
		var ok bool
		groups, ok = readTags(answer)
		return ok
	})
	if err != nil {
		return nil, r, err
	}
	return groups, r, nil
}

func readTags(answer []byte) (groups []TagGroup, ok bool) {
	var got struct {
		Data struct {
			Groups []struct {
				ID   douyin.Cell `json:"tag_group_id"`
				Tags []struct {
					ID        douyin.Cell   `json:"tag_id"`
					Name      douyin.Cell   `json:"tag_name"`
					Type      douyin.Cell   `json:"tag_type"`
					Texts     []douyin.Cell `json:"tag_descs"`
					BizLine   douyin.Cell   `json:"biz_line"`
					GoodsType douyin.Cell   `json:"goods_type"`
				} `json:"tag_list"`
				Rules []struct {
					ID     douyin.Cell `json:"rule_id"`
					Type   douyin.Cell `json:"rule_type"`
					Refund struct {
						BizStatus  douyin.Cell `json:"biz_status"`
						Audit      douyin.Cell `json:"merchant_audit_type"`
						RefundType douyin.Cell `json:"refund_type"`
					} `json:"refund_rule"`
				} `json:"rule_list"`
			} `json:"tag_detail_list"`
		} `json:"data"`
	}
	if json.Unmarshal(answer, &got) != nil {
		return nil, false
	}
	for _, g := range got.Data.Groups {
		group := TagGroup{ID: g.ID.Text()}
		for _, t := range g.Tags {
			tag := Tag{ID: t.ID.Text(), Name: t.Name.Text(), Type: small(t.Type), BizLine: small(t.BizLine), GoodsType: small(t.GoodsType)}
			for _, text := range t.Texts {
				tag.Texts = append(tag.Texts, text.Text())
			}
			group.Tags = append(group.Tags, tag)
		}
		for _, r := range g.Rules {
			group.Rules = append(group.Rules, TagRule{
				ID: r.ID.Text(), Type: small(r.Type), BizStatus: r.Refund.BizStatus.Text(), Audit: small(r.Refund.Audit), RefundType: small(r.Refund.RefundType),
			})
		}
		groups = append(groups, group)
	}
	return groups, true
}
