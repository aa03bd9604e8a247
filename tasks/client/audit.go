package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// AuditPage is a page of refunds that wait for the shop's word, the nearest deadline first, at most
// 100.
type AuditPage struct {
	Refunds []RefundStatus `json:"refunds"` // the nearest deadline first
	Next    string         `json:"next"`    // after of the next page; empty: there are no more
}

type word struct {
	Agree       bool   `json:"agree"`
	DenyMessage string `json:"deny_message,omitempty"`
}

// Audits is a page of refunds that buyers have asked Douyin for and that wait for the shop's word.
// after is Next of the page before; empty: the first page.
func (c *Client) Audits(ctx context.Context, after string) (AuditPage, error) {
	query := url.Values{"audit": {"needed"}}
	if after != "" {
		query.Set("after", after)
	}
	return ask[AuditPage](ctx, c, http.MethodGet, "/v1/refunds?"+query.Encode(), nil)
}

// EachAudit is all of Audits, page by page. It ends with the first error.
func (c *Client) EachAudit(ctx context.Context) iter.Seq2[RefundStatus, error] {
	return func(yield func(RefundStatus, error) bool) {
		for after := ""; ; {
			page, err := c.Audits(ctx, after)
			if err != nil {
				yield(RefundStatus{}, err)
				return
			}
			for _, r := range page.Refunds {
				if !yield(r, nil) {
					return
				}
			}
			if page.Next == "" || page.Next == after { // a page that names itself would never end
				return
			}
			after = page.Next
		}
	}
}

// Agree says yes to a refund that a buyer asked Douyin for. It returns once the word is written
// down; Douyin is told later. ErrConflict: it has another word, or nothing is to be decided.
func (c *Client) Agree(ctx context.Context, outRefundNo string) (RefundStatus, error) {
	return c.audit(ctx, outRefundNo, word{Agree: true})
}

// Deny says no, with words for the buyer: at most 512 bytes, and not empty.
func (c *Client) Deny(ctx context.Context, outRefundNo, message string) (RefundStatus, error) {
	return c.audit(ctx, outRefundNo, word{DenyMessage: message})
}

func (c *Client) audit(ctx context.Context, outRefundNo string, w word) (RefundStatus, error) {
	path, err := segment("out_refund_no", outRefundNo)
	if err != nil {
		return RefundStatus{}, err
	}
	return ask[RefundStatus](ctx, c, http.MethodPost, "/v1/refunds/"+path+"/audit", w)
}
