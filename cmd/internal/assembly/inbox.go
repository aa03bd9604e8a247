package assembly

import (
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/ordersync/ordersync/tasks/inbox"
)

// Inbox consumes the Redis Stream that producers without MySQL write. Every scheduler process runs
// one, under a name of its own.
func (a *Assembly) Inbox() (*inbox.Consumer, error) {
	redis, err := a.Redis()
	if err != nil {
		return nil, err
	}
	hand, err := a.handOver()
	if err != nil {
		return nil, err
	}
	return &inbox.Consumer{
		Redis: redis, Hand: a.tracing().InboxEntry(hand.Entry), Name: consumerName(), Log: a.log, Now: time.Now,
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
