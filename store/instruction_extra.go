package store

import (
	"cmp"
	"database/sql"

	"github.com/ordersync/ordersync/tasks/cut"
)

// extra are the columns that only the table of one kind of instruction has, in the order of its
// ledger's.
type extra interface {
	into() []any
	read() // takes what was scanned into the instruction
	args(d dialect) []any
}

func (i *Instruction) extra() extra {
	if i.Money == Refund {
		return &refundExtra{i: i}
	}
	return &settleExtra{i: i}
}

// settleExtra has the columns of settleColumns.
type settleExtra struct {
	i         *Instruction
	params    sql.NullString
	notBefore timestamp
}

func (e *settleExtra) into() []any {
	return []any{&e.params, &e.i.Finish, &e.notBefore, &e.i.ItemOrderID, &e.i.WalletSettleID}
}

func (e *settleExtra) read() { e.i.Params, e.i.NotBefore = e.params.String, e.notBefore.ptr() }

func (e *settleExtra) args(d dialect) []any {
	i := e.i
	return []any{nullText(i.Params), i.Finish, d.timePtr(i.NotBefore), cut.To(i.ItemOrderID, maxID), cut.To(i.WalletSettleID, maxID)}
}

// refundExtra has the columns of auditColumns.
type refundExtra struct {
	i                       *Instruction
	items, answer           sql.NullString
	deadline, at, due, sent timestamp
}

func (e *refundExtra) into() []any {
	a := &e.i.Audit
	return []any{
		&e.items, &e.i.Currency, &a.State, &e.deadline, &a.Word, &a.By, &e.at, &e.due, &e.sent, &a.Tries, &a.Message, &a.DenyMessage, &e.answer,
	}
}

func (e *refundExtra) read() {
	a := &e.i.Audit
	e.i.Items, a.Answer = e.items.String, e.answer.String
	a.Deadline, a.At, a.DueAt, a.SentAt = e.deadline.ptr(), e.at.ptr(), e.due.ptr(), e.sent.ptr()
}

func (e *refundExtra) args(d dialect) []any {
	a := e.i.Audit
	return []any{
		nullText(e.i.Items), e.i.Currency, string(cmp.Or(a.State, AuditNone)), d.timePtr(a.Deadline), string(a.Word), cut.To(a.By, maxID), d.timePtr(a.At), d.timePtr(a.DueAt),
		d.timePtr(a.SentAt), a.Tries, words(a.Message), cut.To(a.DenyMessage, maxMessage), nullText(a.Answer),
	}
}
