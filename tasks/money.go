package tasks

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hibiken/asynq"
)

const (
	// moneyMaxRetry with worker.Backoff (… 1h 1h 1h) keeps an instruction in asynq's hands for
	// about a day, as long as its result is polled; then the row's due_at brings it back.
	moneyMaxRetry = 30
	// moneyRetention keeps a finished task's id taken for longer than anybody redelivers: Douyin's
	// callbacks come for 24 h 4 m.
	moneyRetention = 25 * time.Hour

	// maxFen is the largest amount that Douyin takes in one order (create_order.total_amount; a
	// refund can never be more).
	maxFen = 10_000_000_000
)

// Refund asks a worker to carry on with one refund instruction, the row of ordersync_refund with
// this number: send it, or ask what became of it. It carries no amount: the row is the instruction,
// and it stands before the task.
type Refund struct {
	OutRefundNo string `json:"out_refund_no"`      // the shop's number
	Revision    string `json:"revision,omitempty"` // as in PushOrder
}

// Settle asks the same for a settlement, a row of ordersync_settlement.
type Settle struct {
	OutSettleNo string `json:"out_settle_no"`      // the shop's number
	Revision    string `json:"revision,omitempty"` // as in PushOrder
}

// ID is the task's id: "refund:<number>:<revision>".
func (r Refund) ID() string { return "refund:" + r.OutRefundNo + ":" + r.Revision }

// ID is the task's id: "settle:<number>:<revision>".
func (s Settle) ID() string { return "settle:" + s.OutSettleNo + ":" + s.Revision }

// Queue is the queue that r travels on.
func (r Refund) Queue() string { return QueueRefund }

// Queue is the queue that s travels on.
func (s Settle) Queue() string { return QueueSettle }

// Validate checks what Enqueue would refuse. The error is a *PayloadError.
func (r Refund) Validate() error { return checkMoney("out_refund_no", r.OutRefundNo, r.Revision) }

// Validate checks what Enqueue would refuse. The error is a *PayloadError.
func (s Settle) Validate() error { return checkMoney("out_settle_no", s.OutSettleNo, s.Revision) }

func checkMoney(field, no, revision string) error {
	if err := CheckNumber(field, no); err != nil {
		return err
	}
	return checkID("revision", revision, false)
}

// Task makes the asynq task with its options. A missing revision is filled with a fresh one.
func (r Refund) Task() (*asynq.Task, error) { return r.task(nil) }

func (r Refund) task(headers map[string]string) (*asynq.Task, error) {
	r.Revision = orFresh(r.Revision)
	return moneyTask(TypeRefund, QueueRefund, r, headers)
}

// Task makes the asynq task with its options. A missing revision is filled with a fresh one.
func (s Settle) Task() (*asynq.Task, error) { return s.task(nil) }

func (s Settle) task(headers map[string]string) (*asynq.Task, error) {
	s.Revision = orFresh(s.Revision)
	return moneyTask(TypeSettle, QueueSettle, s, headers)
}

// moneyTask makes the task of a payload that names a row of money.
func moneyTask(kind, queue string, p payload, headers map[string]string) (*asynq.Task, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	data, err := encode(p)
	if err != nil {
		return nil, err
	}
	return asynq.NewTaskWithHeaders(kind, data, headers, asynq.TaskID(p.ID()), asynq.Queue(queue),
		asynq.MaxRetry(moneyMaxRetry), asynq.Timeout(Timeout), asynq.Retention(moneyRetention)), nil
}

// ParseRefund reads the payload of a task. The error is a *PayloadError.
func ParseRefund(t *asynq.Task) (Refund, error) {
	return parse[Refund](t)
}

// ParseSettle reads the payload of a task. The error is a *PayloadError.
func ParseSettle(t *asynq.Task) (Settle, error) {
	return parse[Settle](t)
}

// CheckNumber holds Douyin's rule for developer numbers: [0-9A-Za-z_\-*], at most 64 (PAY,
// OLD-SETTLE). The error is a *PayloadError of field.
func CheckNumber(field, no string) error {
	switch {
	case no == "":
		return &PayloadError{field, "is missing"}
	case len(no) > MaxIDBytes:
		return &PayloadError{field, fmt.Sprintf("has %d bytes, at most %d are allowed", len(no), MaxIDBytes)}
	case strings.ContainsFunc(no, notInNumber):
		return &PayloadError{field, "may hold only digits, latin letters, _, - and *"}
	}
	return nil
}

func notInNumber(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-' && r != '*'
}

func checkFen(field string, fen int64) error {
	if fen < 1 || fen > maxFen {
		return &PayloadError{field, fmt.Sprintf("is %d: want 1 to %d fen", fen, int64(maxFen))}
	}
	return nil
}

// checkText bounds a text in bytes; text that is empty or only space counts as missing, for that is
// what Douyin would read.
func checkText(field, text string, most int, required bool) error {
	switch {
	case required && strings.TrimSpace(text) == "":
		return &PayloadError{field, "is missing"}
	case !utf8.ValidString(text):
		return &PayloadError{field, "is not valid UTF-8"}
	case len(text) > most:
		return &PayloadError{field, fmt.Sprintf("has %d bytes, at most %d are allowed", len(text), most)}
	}
	return nil
}
