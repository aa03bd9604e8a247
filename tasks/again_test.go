package tasks

import (
	"slices"
	"testing"

	"github.com/hibiken/asynq"
)

// TestWhatWasGivenUpIsAskedForAgainUnderTheSameName: an archived task kept its id, so asking again
// answered "known" for up to 90 days and nothing happened.
func TestWhatWasGivenUpIsAskedForAgainUnderTheSameName(t *testing.T) {
	t.Parallel()
	ctx, redis := t.Context(), startRedis(t)
	q := Queue{Client: redis.client, Inspector: redis.inspector}
	for _, r := range []interface {
		Request
		ID() string
		Queue() string
	}{
		PushOrder{OrderID: "7", Revision: "paid"}, Refund{OutRefundNo: "R1", Revision: "created"}, Settle{OutSettleNo: "S1", Revision: "created"},
	} {
		ask := func() bool {
			t.Helper()
			fresh, err := Hurry(ctx, q, r)
			if err != nil {
				t.Fatal(err)
			}
			return fresh
		}
		if !ask() || ask() {
			t.Errorf("%s: want it queued once", r.ID())
		}
		if err := redis.inspector.ArchiveTask(r.Queue(), r.ID()); err != nil {
			t.Fatal(err)
		}
		if !ask() {
			t.Errorf("%s: it was given up, and asking again does nothing", r.ID())
		}
		if info, err := redis.inspector.GetTaskInfo(r.Queue(), r.ID()); err != nil || info.State != asynq.TaskStatePending {
			t.Errorf("%s: %+v, %v; want it pending", r.ID(), info, err)
		}
		if ask() {
			t.Errorf("%s: it is on its way", r.ID())
		}
	}
	p := PushOrder{OrderID: "7", Revision: "paid"}
	if err := redis.inspector.ArchiveTask(QueuePush, p.ID()); err != nil {
		t.Fatal(err)
	}
	results := EnqueueMany(ctx, q, []Wanted{{PushOrder: p}, {PushOrder: PushOrder{OrderID: "8", Revision: "paid"}}, {PushOrder: p}})
	fresh := []bool{results[0].Fresh, results[1].Fresh, results[2].Fresh}
	if !slices.Contains([]bool{fresh[0], fresh[2]}, true) || !fresh[1] {
		t.Errorf("a list with an archived one: %+v", results)
	}
	if info, err := redis.inspector.GetQueueInfo(QueuePush); err != nil || info.Pending != 2 || info.Archived != 0 {
		t.Errorf("%+v, %v", info, err)
	}
}
