package tasks

import (
	"github.com/hibiken/asynq"
)

// TypePayment is the type of AskPayment.
const TypePayment = "payment:ask"

// AskPayment asks a worker to ask Douyin how one payment stands, the row of ordersync_payment_ask
// with this number: its callback may be lost. It shares the queue of refunds.
type AskPayment struct {
	OutOrderNo string `json:"out_order_no"`       // the shop's number of the payment
	Revision   string `json:"revision,omitempty"` // as in PushOrder
}

// ID is the task's id: "payment:<number>:<revision>".
func (p AskPayment) ID() string { return "payment:" + p.OutOrderNo + ":" + p.Revision }

// Validate checks what Task would refuse. The error is a *PayloadError.
func (p AskPayment) Validate() error { return checkMoney("out_order_no", p.OutOrderNo, p.Revision) }

// Task makes the asynq task with its options. A missing revision is filled with a fresh one.
func (p AskPayment) Task() (*asynq.Task, error) {
	p.Revision = orFresh(p.Revision)
	return moneyTask(TypePayment, QueueRefund, p, nil)
}

// ParseAskPayment reads the payload of a task. The error is a *PayloadError.
func ParseAskPayment(t *asynq.Task) (AskPayment, error) {
	return parse[AskPayment](t)
}
