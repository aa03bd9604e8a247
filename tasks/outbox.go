package tasks

import (
	"bytes"
	"fmt"
	"strconv"
)

// KindPush is ordersync_outbox.kind of a push.
const KindPush = "push"

// Asked is what one row of ordersync_outbox asks for: exactly one field is set.
type Asked struct {
	Push *PushOrder
}

// FromOutbox reads a row of ordersync_outbox, which a shop writes inside its own transaction. payload may be NULL (nil).
//
// A push row may carry {"cause": …, "revision": …}. Without a revision the row itself names the change, so the task's id is
// "push:<order>:outbox-<row id>": a row that is handed over twice, because a relay was killed between the hand-over and its
// commit, is one task.
//
// The error is a *PayloadError: the row can never be handed over.
func FromOutbox(kind, orderID string, payload []byte, rowID int64) (Asked, error) {
	switch kind {
	case KindPush:
		p, err := pushFromOutbox(orderID, payload, rowID)
		if err != nil {
			return Asked{}, err
		}
		return Asked{Push: &p}, nil
	}
	return Asked{}, &PayloadError{"kind", fmt.Sprintf("%q is unknown: want push", clip(kind))}
}

func pushFromOutbox(orderID string, payload []byte, rowID int64) (PushOrder, error) {
	var p PushOrder
	if !blank(payload) {
		if err := decode(payload, &p); err != nil {
			return PushOrder{}, err
		}
		if p.OrderID != "" && p.OrderID != orderID {
			return PushOrder{}, &PayloadError{"payload.order_id", "names another order than the row's order_id"}
		}
	}
	p.OrderID = orderID
	p.Cause = p.cause()
	if p.Revision == "" {
		p.Revision = "outbox-" + strconv.FormatInt(rowID, 10)
	}
	return p, p.Validate()
}

// blank tells whether a payload column holds nothing: NULL, only spaces, or the JSON null that an ORM writes for it.
func blank(payload []byte) bool {
	payload = bytes.TrimSpace(payload)
	return len(payload) == 0 || string(payload) == "null"
}
