package tasks

import (
	"github.com/hibiken/asynq"
)

// TypeRefunds is the type of AskRefunds.
const TypeRefunds = "refunds:ask"

// AskRefunds asks a worker to ask Douyin for all refunds of one payment of trade: the callbacks of one
// that Douyin opened may be lost. It shares the queue of refunds.
type AskRefunds struct {
	OutOrderNo string `json:"out_order_no"`       // the shop's number of the payment
	Revision   string `json:"revision,omitempty"` // as in PushOrder
}

// ID is the task's id: "refunds:<number>:<revision>".
func (p AskRefunds) ID() string { return "refunds:" + p.OutOrderNo + ":" + p.Revision }

// Validate checks what Task would refuse. The error is a *PayloadError.
func (p AskRefunds) Validate() error { return checkMoney("out_order_no", p.OutOrderNo, p.Revision) }

// Task makes the asynq task with its options. A missing revision is filled with a fresh one.
func (p AskRefunds) Task() (*asynq.Task, error) {
	p.Revision = orFresh(p.Revision)
	return moneyTask(TypeRefunds, QueueRefund, p, nil)
}

// ParseAskRefunds reads the payload of a task. The error is a *PayloadError.
func ParseAskRefunds(t *asynq.Task) (AskRefunds, error) {
	return parse[AskRefunds](t)
}
