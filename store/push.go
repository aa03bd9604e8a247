package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ordersync/ordersync/tasks/cut"
)

// ErrSuperseded: what was read is not so any more. Of an order another attempt has begun since the
// snapshot; an instruction has another state, attempt or audit by now. Load again.
var ErrSuperseded = errors.New("store: superseded by another attempt")

// Begin announces an attempt before anything is sent.
type Begin struct {
	OrderID    string // the shop's key
	OrderNo    string // what Douyin gets as order_id; empty: the row keeps its own
	Seq        int64  // State.Seq of the snapshot that the attempt is made from
	System     System // of the same snapshot; written where State.System was empty
	Fulfil     string // of trade: the to_status about to be told; empty: the attempt is a push
	UpdateTime int64  // the update_time about to be sent, in Douyin's unit
	At         time.Time
	DueAt      time.Time // when the sweep shall look, should the end never be seen
	// Exists, Open and Decided are of the same snapshot: whether the order has a row in
	// ordersync_order (State.OrderID is not empty), State.Open, and whether State.System is there. They
	// only choose a cheaper way of writing; zero is always right.
	Exists  bool
	Open    int
	Decided bool
	// StaleAfter: attempts begun longer ago than this before At are over, whether their end was
	// seen or not (longer than any HTTP call may take). Open counts from new then.
	StaleAfter time.Duration
}

// Push is the end of an attempt, or of a pass that sent nothing.
type Push struct {
	OrderID string // the shop's key
	OrderNo string // as in Begin
	System  System // of the snapshot; written where the row has none
	Call    string // what was called, for the log; empty: CallPush
	// Seq is what BeginPush returned; 0: nothing was announced (refused before sending, database
	// error, ignored, ...). With Outcome Settled it is State.Seq of the snapshot: where that is not
	// the row's any more, nothing is written.
	Seq        int64
	Cause      string // tasks.Cause of the task, for the log
	TaskID     string // asynq's, for the log
	Attempt    int    // of the task, counted from 1
	At         time.Time
	Outcome    Outcome
	ShopStatus string // Order.Status as it was read; empty: nothing was
	// ShopUpdated is Order.Updated as it was read for this attempt.
	ShopUpdated string

	// With Outcome Pushed: what Douyin holds now, an order_status and OrderPush.Digest.
	Status int
	Digest string
	// With Outcome Kept and a Seq: the to_status that Douyin holds now.
	Fulfilled string
	// Unsent tells that what the attempt announced by Begin.Fulfil is not at Douyin for certain.
	Unsent bool
	// Seen is the order as it was read before the call, so that RecordPush can tell whether the
	// shop has changed it since. Nil: nobody asks.
	Seen *Order

	Kind       string        // of the failure, as OrderState.Kind; empty: none
	Code       int           // Douyin's number; 0: none
	Message    string        // Douyin's words, or ours
	LogID      string        // X-Tt-Logid
	HTTPStatus int           // for the log; 0: no answer
	Duration   time.Duration // of the call, for the log; 0: none was made
	SinceAsked time.Duration // from when the task was asked for to At, for the log; 0: not known
	DueAt      *time.Time    // when the sweep shall ask again; nil: never
	Request    string        // masked; kept in the log as Config.LogBodies says
	Response   string        // likewise
}

// BeginPush announces an attempt, durably, before anything is sent, and returns its number.
// ErrSuperseded: the order's state is not that of b.Seq any more; nothing was written.
// *ColumnError: another order of the shop has the number; the attempt was announced, and is to be
// recorded as refused. When ctx ends first, the attempt may have been announced; then it stays open
// until StaleAfter, which makes the next one push again.
func (s *Store) BeginPush(ctx context.Context, b Begin) (seq int64, err error) {
	if err := checkOrderID(b.OrderID); err != nil {
		return 0, err
	}
	return s.begins.Do(ctx, &b)
}

// RecordPush writes how an attempt or a pass ended. It is durable when it returns. changed tells,
// with Outcome Pushed or Kept and p.Seen, that the shop's row is not p.Seen any more (or that this
// cannot be told), read after Douyin has answered: whoever pushed has to push again.
func (s *Store) RecordPush(ctx context.Context, p Push) (changed bool, err error) {
	if err := checkOrderID(p.OrderID); err != nil {
		return false, err
	}
	return s.records.Do(ctx, &p)
}

func checkOrderID(id string) error {
	if id == "" || len(id) > maxID || cut.To(id, maxID) != id {
		return fmt.Errorf("store: an order id has 1 to %d bytes of UTF-8", maxID)
	}
	return nil
}
