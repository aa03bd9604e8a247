package worker

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// turnstile is a gate that tells who stands at it and lets one through for every word of pass.
type turnstile struct{ stands, pass chan string }

func (g turnstile) Enter(ctx context.Context, _ string) (func(error), error) {
	queue, _ := asynq.GetQueueName(ctx)
	select {
	case g.stands <- queue:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-g.pass:
		return func(error) {}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// atGate runs real servers whose push handler does nothing but step up to the gate, enqueues n
// tasks of a backfill, and tells how each entered.
func atGate(t *testing.T, line *Line, n int) (q *asynq.Client, entered <-chan error) {
	t.Helper()
	rdb := servertest.Redis(t)
	ended := make(chan error, 100)
	servers, err := NewServers(Config{Redis: rdb, InHand: n + 2, ShutdownTimeout: time.Second, Log: zerolog.Nop()}, Handlers{
		Push: asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
			leave, err := line.stepUp(ctx)
			if err == nil {
				leave(nil)
			}
			ended <- err
			return nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	q = asynq.NewClientFromRedisClient(rdb)
	for i := range n {
		enqueue(t, q, tasks.PushOrder{OrderID: string(rune('a' + i)), Revision: "r", Cause: tasks.CauseBackfill})
	}
	if err := servers.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Shutdown(context.Background()) })
	return q, ended
}

func enqueue(t *testing.T, q *asynq.Client, p tasks.PushOrder) {
	t.Helper()
	if _, err := tasks.Enqueue(t.Context(), q, p); err != nil {
		t.Fatal(err)
	}
}

func TestAtTheGateALiveOrderFindsOneOldOrderBeforeIt(t *testing.T) {
	gate := turnstile{stands: make(chan string), pass: make(chan string)}
	q, entered := atGate(t, &Line{Slots: NewSlots(10), Gate: gate}, 5)
	at := []string{<-gate.stands} // one of the five; the others wait before the gate
	enqueue(t, q, tasks.PushOrder{OrderID: "1", Revision: "r", Cause: tasks.CausePaid})
	at = append(at, <-gate.stands)
	if want := []string{tasks.QueueBackfill, tasks.QueuePush}; !slices.Equal(at, want) {
		t.Errorf("at the gate stood %v, want %v", at, want)
	}
	gate.pass <- "first"
	gate.pass <- "second"
	for range 4 {
		if queue := <-gate.stands; queue != tasks.QueueBackfill {
			t.Errorf("then came one of %s", queue)
		}
		gate.pass <- "next"
	}
	for range 6 {
		if err := <-entered; err != nil {
			t.Errorf("somebody did not get through: %v", err)
		}
	}
}

func TestAnOldOrderThatWaitsTooLongGoesBackToItsQueue(t *testing.T) {
	for _, c := range []struct {
		name  string
		first tasks.Cause // of the order that stands at the gate
	}{{"behind another old one", tasks.CauseBackfill}, {"behind a live one", tasks.CausePaid}} {
		t.Run(c.name, func(t *testing.T) {
			gate := turnstile{stands: make(chan string), pass: make(chan string)}
			q, entered := atGate(t, &Line{Slots: NewSlots(10), Gate: gate, patience: 50 * time.Millisecond}, 0)
			enqueue(t, q, tasks.PushOrder{OrderID: "1", Revision: "r", Cause: c.first})
			<-gate.stands // and stays there
			enqueue(t, q, tasks.PushOrder{OrderID: "2", Revision: "r", Cause: tasks.CauseBackfill})
			var paused *douyin.Error
			if err := <-entered; !errors.As(err, &paused) || paused.Kind != douyin.Paused || paused.RetryAfter != 50*time.Millisecond {
				t.Errorf("the other one: %v; want Paused", err)
			}
			if isFailure(held(paused).tell) {
				t.Error("waiting for live orders costs an attempt")
			}
			gate.pass <- "first"
			if err := <-entered; err != nil {
				t.Errorf("the one at the gate: %v", err)
			}
			enqueue(t, q, tasks.PushOrder{OrderID: "3", Revision: "r", Cause: tasks.CauseBackfill})
			<-gate.stands
			gate.pass <- "third"
			if err := <-entered; err != nil {
				t.Errorf("with nobody at the gate: %v", err)
			}
		})
	}
}
