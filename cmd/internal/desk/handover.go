package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// HandOver makes tasks of what a shop wrote down for us: rows of the outbox and entries of the
// inbox. Handed over twice, what they ask for is asked for once.
type HandOver struct {
	Queue   tasks.Enqueuer
	Cashier Cashier
	Audits  Audits
}

// Row asks for what a row of the outbox says. A *store.BadRow will never be taken, a
// *store.LaterRow perhaps later; any other error is everybody's.
func (h HandOver) Row(ctx context.Context, r store.OutboxRow) error {
	asked, err := tasks.FromOutbox(r.Kind, r.OrderID, r.Payload, tasks.RowName(r.ID, r.CreatedAt))
	if err == nil {
		if asked.Push != nil {
			asked.Push.AskedAt = tasks.Moment(r.CreatedAt.UnixMilli())
		}
		err = h.ask(ctx, asked, byOutbox)
	}
	switch {
	case neverTaken(err):
		return &store.BadRow{Err: err}
	case errors.Is(err, gateway.ErrOrderNotFound), errors.Is(err, gateway.ErrBusy), errors.Is(err, gateway.ErrNoRefund), store.OneRow(err):
		return &store.LaterRow{Err: err}
	}
	return err
}

// OneByOne hands rows of the outbox over one after the other.
func OneByOne(one func(context.Context, store.OutboxRow) error) func(context.Context, []store.OutboxRow) []error {
	return func(ctx context.Context, rows []store.OutboxRow) []error {
		errs := make([]error, len(rows))
		for i, r := range rows {
			errs[i] = one(ctx, r)
		}
		return errs
	}
}

// Entry asks for what an entry of the inbox says. inbox.ErrRefused: it will never be taken.
func (h HandOver) Entry(ctx context.Context, e inbox.Entry) error {
	err := h.ask(ctx, e.Asked, byInbox)
	if neverTaken(err) {
		return fmt.Errorf("%w: %w", inbox.ErrRefused, err)
	}
	return err
}

// ask makes a task of what was asked, for money after its row. Asked twice it is one.
func (h HandOver) ask(ctx context.Context, asked tasks.Asked, by string) (err error) {
	switch {
	case asked.Push != nil:
		_, err = tasks.Enqueue(ctx, h.Queue, *asked.Push)
	case asked.Refund != nil:
		_, _, err = h.Cashier.Refund(ctx, *asked.Refund)
	case asked.Settle != nil:
		_, _, err = h.Cashier.Settle(ctx, *asked.Settle)
	case asked.Audit != nil:
		_, _, err = h.Audits.Audit(ctx, *asked.Audit, by)
	}
	return err
}

// neverTaken tells whether what was asked will be refused whenever it is asked again. An order that
// is not there yet, a refund that Douyin has not told of yet, or a settlement behind a refund in
// flight, may be taken later.
func neverTaken(err error) bool {
	var bad *tasks.PayloadError
	var exceeds *gateway.ExceedsError
	var decided *gateway.AuditConflictError
	return errors.As(err, &decided) || errors.As(err, &bad) || errors.As(err, &exceeds) || errors.Is(err, gateway.ErrConflict)
}
