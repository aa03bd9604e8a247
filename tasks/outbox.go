package tasks

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// The kinds of ordersync_outbox.
const (
	KindPush   = "push"
	KindRefund = "refund"
	KindSettle = "settle"
)

// Asked is what one row of ordersync_outbox asks for: exactly one field is set.
type Asked struct {
	Push   *PushOrder     // a task at once
	Refund *RefundRequest // becomes a row of ordersync_refund before it is a task
	Settle *SettleRequest // likewise, of ordersync_settlement
	Audit  *AuditRequest  // becomes the word in the refund's row before it is a task
}

// Row is what a shop writes into ordersync_outbox inside its own transaction:
//
//	INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES (?, ?, ?)
type Row struct {
	Kind    string // push, refund, settle or audit
	OrderID string // the shop's key
	Payload []byte // JSON; NULL is right for a push
}

// Row makes the outbox row of a push. The error is a *PayloadError.
func (p PushOrder) Row() (Row, error) { return row(KindPush, p.OrderID, p, p.Validate()) }

// Row makes the outbox row of a refund. The error is a *PayloadError.
func (r RefundRequest) Row() (Row, error) { return row(KindRefund, r.OrderID, r, r.Validate()) }

// Row makes the outbox row of a settlement. The error is a *PayloadError.
func (s SettleRequest) Row() (Row, error) { return row(KindSettle, s.OrderID, s, s.Validate()) }

func row(kind, orderID string, request any, invalid error) (Row, error) {
	if invalid != nil {
		return Row{}, invalid
	}
	payload, err := encode(request)
	if err != nil {
		return Row{}, err
	}
	return Row{kind, orderID, payload}, nil
}

// RowName names a row of the outbox. The id alone would not: the outbox may count its ids anew, and
// asynq would take another push of the same order, within the hour, for one that it knows.
func RowName(id int64, written time.Time) string {
	return strconv.FormatInt(id, 10) + "-" + strconv.FormatInt(written.UnixMilli(), 36)
}

// FromOutbox reads a row of ordersync_outbox, whoever wrote it. payload may be nil (NULL) for a
// push.
//
// row is what the outbox calls the row, the same whenever it is read and another one for every row:
// RowName. A push row may carry {"cause": …, "revision": …}. Without a revision the row itself
// names the change, so the task's id is "push:<order>:outbox-<row>": a row that is handed over
// twice, because a relay was killed between the hand-over and its commit, is one task. A refund or
// a settlement is one by its developer number.
//
// The error is a *PayloadError: the row can never be handed over.
func FromOutbox(kind, orderID string, payload []byte, row string) (Asked, error) {
	var a Asked
	var into any
	var inside *string // order_id in the payload
	switch kind {
	case KindPush:
		a.Push = new(PushOrder)
		into, inside = a.Push, &a.Push.OrderID
	case KindRefund:
		a.Refund = new(RefundRequest)
		into, inside = a.Refund, &a.Refund.OrderID
	case KindSettle:
		a.Settle = new(SettleRequest)
		into, inside = a.Settle, &a.Settle.OrderID
	case KindAudit:
		a.Audit = new(AuditRequest)
		into, inside = a.Audit, &a.Audit.OrderID
	default:
		return Asked{}, &PayloadError{"kind", fmt.Sprintf("%q is unknown: want push, refund, settle or audit", quoted(kind))}
	}
	if !blank(payload) {
		if err := decode(payload, into); err != nil {
			return Asked{}, err
		}
		if *inside != "" && *inside != orderID {
			return Asked{}, &PayloadError{"payload.order_id", "names another order than the row's order_id"}
		}
	}
	*inside = orderID
	return a.named(row)
}

func (a Asked) named(row string) (Asked, error) {
	var err error
	switch {
	case a.Push != nil:
		a.Push.Cause = a.Push.cause()
		if a.Push.Revision == "" {
			a.Push.Revision = "outbox-" + row
		}
		err = a.Push.Validate()
	case a.Refund != nil:
		err = a.Refund.Validate()
	case a.Settle != nil:
		err = a.Settle.Validate()
	case a.Audit != nil:
		err = a.Audit.Validate()
	}
	if err != nil {
		return Asked{}, err
	}
	return a, nil
}

// blank tells whether a payload column holds nothing: NULL, only spaces, or the JSON null that an
// ORM writes for it.
func blank(payload []byte) bool {
	payload = bytes.TrimSpace(payload)
	return len(payload) == 0 || string(payload) == "null"
}
