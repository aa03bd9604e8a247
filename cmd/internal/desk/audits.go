package desk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Who says a word that comes over one of these roads.
const (
	byOutbox = "outbox"
	byInbox  = "inbox"
	ByShell  = "cli"
)

// Audits takes the shop's word on refunds that buyers asked Douyin for: over HTTP, from the shell,
// from the operators' pages, from outbox and inbox.
type Audits struct {
	Store *store.Store
	Queue tasks.Enqueuer
}

var _ gateway.Audits = Audits{}

// Audit writes the word down. When it returns nil Douyin will be told, whatever becomes of Redis:
// the row is due, and the scheduler looks. Errors: *tasks.PayloadError, gateway.ErrNoRefund,
// *gateway.AuditConflictError, or the database's.
func (a Audits) Audit(ctx context.Context, r tasks.AuditRequest, by string) (gateway.RefundStatus, bool, error) {
	if err := r.Validate(); err != nil {
		return gateway.RefundStatus{}, false, err
	}
	if r.OrderID != "" {
		if err := a.checkOrder(ctx, r); err != nil {
			return gateway.RefundStatus{}, false, err
		}
	}
	word := store.Deny
	if *r.Agree {
		word = store.Agree
	}
	i, fresh, err := a.Store.SayAudit(ctx, r.OutRefundNo, word, by, r.DenyMessage)
	if err != nil {
		return gateway.RefundStatus{}, false, auditError(err)
	}
	if fresh {
		_, _ = tasks.Hurry(ctx, a.Queue, tasks.Audit{OutRefundNo: r.OutRefundNo, Revision: "said"}) // it is due: the scheduler does it otherwise
	}
	return refundStatus(i), fresh, nil
}

// checkOrder refuses a word that names another order than its refund's: a number was mistaken.
func (a Audits) checkOrder(ctx context.Context, r tasks.AuditRequest) error {
	i, found, err := a.Store.Instruction(ctx, store.Refund, r.OutRefundNo)
	if err == nil && found && i.OrderID != "" && i.OrderID != r.OrderID {
		return &tasks.PayloadError{Field: "order_id", Reason: "names another order than the refund's"}
	}
	return err
}

// auditError says in the gateway's words what the store refused.
func auditError(err error) error {
	var conflict *store.AuditConflictError
	switch {
	case errors.Is(err, store.ErrNoInstruction):
		return fmt.Errorf("%w (%w)", gateway.ErrNoRefund, err)
	case errors.As(err, &conflict):
		return &gateway.AuditConflictError{Reason: auditConflicts[conflict.Reason]}
	}
	return err
}

var auditConflicts = map[store.AuditReason]string{
	store.AuditOfOurs:    "the refund is the shop's own: Douyin asks nobody about it",
	store.AuditNotAsked:  "Douyin wants no word on this refund",
	store.AuditOtherWord: "another word on this refund was said before, and the first one counts",
	store.AuditOver:      "the refund is decided: it has ended, Douyin has decided it, or the deadline is over",
}

// AuditsNeeded lists refunds that wait for a word.
func (a Audits) AuditsNeeded(ctx context.Context, after string, limit int) ([]gateway.RefundStatus, string, error) {
	key, err := auditKey(after)
	if err != nil {
		return nil, "", err
	}
	page, err := a.Store.AuditsNeeded(ctx, key, limit)
	if err != nil {
		return nil, "", err
	}
	refunds := make([]gateway.RefundStatus, len(page))
	for n, i := range page {
		refunds[n] = refundStatus(i)
	}
	if len(page) < limit {
		return refunds, "", nil
	}
	last := page[len(page)-1].AuditKey()
	return refunds, strconv.FormatInt(last.Deadline.UnixMilli(), 10) + "." + last.Number, nil
}

// auditKey reads what AuditsNeeded has answered as next.
func auditKey(after string) (store.AuditKey, error) {
	if after == "" {
		return store.AuditKey{}, nil
	}
	at, number, ok := strings.Cut(after, ".")
	millis, err := strconv.ParseInt(at, 10, 64)
	deadline := time.UnixMilli(millis)
	if !ok || err != nil || number == "" || len(number) > tasks.MaxIDBytes || deadline.Year() < 2000 || deadline.Year() > 2100 {
		return store.AuditKey{}, &tasks.PayloadError{Field: "after", Reason: "is none of ours: want the next of the page before"}
	}
	return store.AuditKey{Deadline: deadline, Number: number}, nil
}

// refundAudit is a refund's audit in the gateway's words.
func refundAudit(i store.Instruction) gateway.RefundAudit {
	a := i.Audit
	return gateway.RefundAudit{
		Origin: string(i.Origin), Audit: string(a.State), Deadline: a.Deadline, Word: string(a.Word), By: a.By, At: a.At, DenyMessage: a.DenyMessage,
	}
}
