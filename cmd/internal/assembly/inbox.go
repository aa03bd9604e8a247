package assembly

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// Inbox consumes the Redis Stream that producers without MySQL write. Every scheduler process runs one, under a name of its
// own.
func (a *Assembly) Inbox() (*inbox.Consumer, error) {
	redis, err := a.Redis()
	if err != nil {
		return nil, err
	}
	queue, err := a.AsynqClient()
	if err != nil {
		return nil, err
	}
	cashier, err := a.Cashier()
	if err != nil {
		return nil, err
	}
	return &inbox.Consumer{
		Redis: redis, Hand: a.tracing().InboxEntry(handOverEntry(queue, cashier)), Name: consumerName(), Log: a.log, Now: time.Now,
		Observe: a.metrics.Entry,
	}, nil
}

// consumerName tells this process from all others, and a person which host it is.
func consumerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "-" + uuid.NewString()
}

// handOverEntry asks for what an entry says.
func handOverEntry(queue tasks.Enqueuer, cashier Cashier) func(context.Context, inbox.Entry) error {
	return func(ctx context.Context, e inbox.Entry) error {
		err := handOverAsked(ctx, queue, cashier, e.Asked)
		if neverTaken(err) {
			return fmt.Errorf("%w: %w", inbox.ErrRefused, err)
		}
		return err
	}
}
