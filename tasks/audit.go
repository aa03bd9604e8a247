package tasks

import (
	"github.com/hibiken/asynq"
)

// TypeAudit is the type of Audit.
const TypeAudit = "refund:audit"

// KindAudit is the kind of ordersync_outbox and of the inbox of an AuditRequest.
const KindAudit = "audit"

// maxDenyBytes bounds refund_audit_callback.deny_message (TRADE-AUDIT).
const maxDenyBytes = 512

// Audit asks a worker to tell Douyin the shop's word on one refund, the row of ordersync_refund with
// this number, or to ask what Douyin has decided by itself. It carries no word: the row has it. It
// shares the queue of refunds.
type Audit struct {
	OutRefundNo string `json:"out_refund_no"`      // ours: "DY" and Douyin's refund_id
	Revision    string `json:"revision,omitempty"` // as in PushOrder
}

// ID is the task's id: "audit:<number>:<revision>".
func (a Audit) ID() string { return "audit:" + a.OutRefundNo + ":" + a.Revision }

// Queue is the queue that a travels on.
func (a Audit) Queue() string { return QueueRefund }

// Validate checks what Enqueue would refuse. The error is a *PayloadError.
func (a Audit) Validate() error { return checkMoney("out_refund_no", a.OutRefundNo, a.Revision) }

// Task makes the asynq task with its options. A missing revision is filled with a fresh one.
func (a Audit) Task() (*asynq.Task, error) { return a.task(nil) }

func (a Audit) task(headers map[string]string) (*asynq.Task, error) {
	a.Revision = orFresh(a.Revision)
	return moneyTask(TypeAudit, QueueRefund, a, headers)
}

// ParseAudit reads the payload of a task. The error is a *PayloadError.
func ParseAudit(t *asynq.Task) (Audit, error) {
	return parse[Audit](t)
}

// AuditRequest is the shop's word on a refund that a buyer asked Douyin for. The first word counts:
// the same again is it, another one is refused.
type AuditRequest struct {
	OrderID     string `json:"order_id,omitempty"`     // the shop's key; empty: whatever order the refund is of
	OutRefundNo string `json:"out_refund_no"`          // ours: "DY" and Douyin's refund_id
	Agree       *bool  `json:"agree"`                  // nil is refused: money must not move because a word is missing
	DenyMessage string `json:"deny_message,omitempty"` // for the buyer, at most 512 bytes; with agree false only
}

// Validate checks what can be known without the refund: deny_message belongs to agree false, and is
// needed there, at most 512 bytes. The error is a *PayloadError.
func (r AuditRequest) Validate() error {
	if err := first(checkID("order_id", r.OrderID, false), CheckNumber("out_refund_no", r.OutRefundNo)); err != nil {
		return err
	}
	switch {
	case r.Agree == nil:
		return &PayloadError{"agree", "is missing: want true or false"}
	case *r.Agree && r.DenyMessage != "":
		return &PayloadError{"deny_message", "goes with agree false only"}
	case *r.Agree:
		return nil
	}
	return checkText("deny_message", r.DenyMessage, maxDenyBytes, true)
}

// Row makes the outbox row of a word; OrderID is needed there. The error is a *PayloadError.
func (r AuditRequest) Row() (Row, error) {
	return row(KindAudit, r.OrderID, r, first(checkID("order_id", r.OrderID, true), r.Validate()))
}
