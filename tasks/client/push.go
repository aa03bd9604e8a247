package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
)

// manyOrders is how many orders one request of PushMany takes.
const manyOrders = 500

// Push is what may be said about a push. All of it may be left out.
type Push struct {
	// names the change: the same change asked twice runs once; empty: a change of its own
	Revision     string `json:"revision,omitempty"`
	Cause        string `json:"cause,omitempty"`         // paid, changed, callback, refund, sweep, manual, backfill; empty: changed
	DelaySeconds int64  `json:"delay_seconds,omitempty"` // 0 to 86400; 0: at once
}

// PushOrder is one item of PushMany.
type PushOrder struct {
	OrderID string `json:"order_id"` // the shop's key
	Push
}

// Words of Queued.Status.
const (
	StatusQueued      = "queued"      // on its way now
	StatusKnown       = "known"       // the same change is on its way already, or was done within the last hour
	StatusRefused     = "refused"     // of PushMany only: mend the item, see Problem
	StatusUnavailable = "unavailable" // of PushMany only: not known to be queued, ask again with Revision
)

// Queued is what became of one push.
type Queued struct {
	OrderID  string   `json:"order_id"` // the shop's key
	Status   string   `json:"status"`   // one of the words above
	Revision string   `json:"revision"` // the caller's, or the one that was made up: ask again with it
	TaskID   string   `json:"task_id"`  // asynq's id; empty: refused or unavailable
	Queue    string   `json:"queue"`    // asynq's queue; empty: refused or unavailable
	Problem  *Problem `json:"problem"`  // nil: queued or known
}

// ManyQueued answers PushMany, in its order.
type ManyQueued struct {
	Queued  int      `json:"queued"`  // on their way now
	Known   int      `json:"known"`   // asked for before
	Failed  int      `json:"failed"`  // refused or unavailable
	Results []Queued `json:"results"` // one for each order
}

// Push asks ordersync to tell Douyin an order's present state. Call it after the order is
// committed.
func (c *Client) Push(ctx context.Context, orderID string, p Push) (Queued, error) {
	path, err := segment("order_id", orderID)
	if err != nil {
		return Queued{}, err
	}
	return ask[Queued](ctx, c, http.MethodPost, "/v1/orders/"+path+"/push", p.named())
}

// PushMany asks for any number of pushes, 500 to a request. One bad item keeps no other back: its
// result has the problem. Where a request fails, the answer holds the results of those before it
// and err says why the rest has none.
func (c *Client) PushMany(ctx context.Context, orders []PushOrder) (ManyQueued, error) {
	all := ManyQueued{Results: make([]Queued, 0, len(orders))}
	for len(orders) > 0 {
		n := min(len(orders), manyOrders)
		some := make([]PushOrder, n)
		for i, o := range orders[:n] {
			some[i] = PushOrder{o.OrderID, o.named()}
		}
		var part ManyQueued
		if err := c.call(ctx, http.MethodPost, "/v1/orders/push", map[string]any{"orders": some}, &part); err != nil {
			return all, err
		}
		all.Queued, all.Known, all.Failed = all.Queued+part.Queued, all.Known+part.Known, all.Failed+part.Failed
		all.Results = append(all.Results, part.Results...)
		orders = orders[n:]
	}
	return all, nil
}

// named gives a push a revision, so that all tries of it are one push.
func (p Push) named() Push {
	if p.Revision == "" {
		p.Revision = strings.ToLower(rand.Text())
	}
	return p
}

// segment makes a part of a path of an id or a number.
func segment(field, id string) (string, error) {
	if strings.TrimSpace(id) == "" || id == "." || id == ".." { // the dots would be another path
		return "", refused(field, "is missing")
	}
	return url.PathEscape(id), nil
}
