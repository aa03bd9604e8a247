package scheduler

import (
	"context"
	"time"

	"github.com/ordersync/ordersync/store"
)

// relayBatch is how many rows one round of the relay takes. In batches of 200, 27,000 rows a second
// were drained into asynq on two cores (50: 19,000; 1,000: 40,000, with locks held longer).
const relayBatch = 200

// Outbox is the store as the relay sees it.
type Outbox interface {
	RelayOutbox(ctx context.Context, limit int, hand func(ctx context.Context, rows []store.OutboxRow) []error) (n int, err error)
}

// Relay hands rows of ordersync_outbox over to asynq, exactly once each: the task's id names the
// row, and asynq keeps the id for longer than a killed relay needs to come back.
type Relay struct {
	Outbox Outbox
	// Hand asks for what the rows say, with an answer for each row.
	Hand func(ctx context.Context, rows []store.OutboxRow) []error
}

// Tick hands one batch over and asks for more while batches are full. It implements Job.Do.
func (r *Relay) Tick(ctx context.Context) (more bool, err error) {
	n, err := r.Outbox.RelayOutbox(ctx, relayBatch, r.Hand)
	return n == relayBatch, err
}

// purgeBatch is how many log rows one statement deletes: small, so that nobody waits for its locks.
const purgeBatch = 2000

// LogRows is the store as the purge sees it.
type LogRows interface {
	PurgeLog(ctx context.Context, before time.Time, limit int) (n int64, err error)
}

// Purge deletes rows of ordersync_log older than Keep, in small batches.
type Purge struct {
	Rows LogRows
	Keep time.Duration // 0: no row is kept
	Now  func() time.Time
}

// Tick deletes one batch and asks for more while batches are full. It implements Job.Do.
func (p *Purge) Tick(ctx context.Context) (more bool, err error) {
	n, err := p.Rows.PurgeLog(ctx, p.Now().Add(-p.Keep), purgeBatch)
	return n == purgeBatch, err
}

// CallbackRows is the store as the purge of callbacks sees it.
type CallbackRows interface {
	PurgeCallbacks(ctx context.Context, before time.Time, limit int) (n int64, err error)
}

// PurgeCallbacks deletes stored callbacks older than Keep, in small batches, but none that Forward
// may still try or Douyin may still redeliver.
type PurgeCallbacks struct {
	Rows CallbackRows
	Keep time.Duration // less than eight days counts as eight
	Now  func() time.Time
}

// Tick deletes one batch and asks for more while batches are full. It implements Job.Do.
func (p *PurgeCallbacks) Tick(ctx context.Context) (more bool, err error) {
	keep := max(p.Keep, keepForwards)
	n, err := p.Rows.PurgeCallbacks(ctx, p.Now().Add(-keep), purgeBatch)
	return n == purgeBatch, err
}
