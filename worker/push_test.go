package worker

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
)

// memory is the store in a box: one order, and the rules of BeginPush and RecordPush.
type memory struct {
	mu      sync.Mutex
	s       store.OrderSnapshot
	loadErr error
	begun   []store.Begin
	records []store.Push
	fail    func(store.Push) error // of RecordPush
	onBegin func(*memory)          // before the comparison
}

func (m *memory) LoadOrder(context.Context, string) (store.OrderSnapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.s, m.loadErr
}

func (m *memory) BeginPush(_ context.Context, b store.Begin) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.onBegin != nil {
		m.onBegin(m)
	}
	st := &m.s.State
	if st.Seq != b.Seq {
		return 0, store.ErrSuperseded
	}
	m.begun = append(m.begun, b)
	st.Seq++
	st.Open, st.StartedAt, st.UpdateTime, st.Digest, st.Outcome = 1, b.At, b.UpdateTime, "", store.Sending
	return st.Seq, nil
}

func (m *memory) RecordPush(ctx context.Context, p store.Push) (changed bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(p); err != nil {
			return false, err
		}
	}
	m.records = append(m.records, p)
	st := &m.s.State
	if p.Outcome == store.Settled {
		st.Outcome, st.DueAt, st.ShopStatus = store.Pushed, nil, p.ShopStatus
		return false, nil
	}
	st.Outcome, st.DueAt, st.ShopStatus, st.ShopUpdated = p.Outcome, p.DueAt, p.ShopStatus, p.ShopUpdated
	if p.Seq > 0 {
		st.Open--
	}
	if p.Outcome == store.Pushed {
		st.Digest, st.Status = p.Digest, p.Status
		return p.Seen != nil && *p.Seen != m.s.Order, nil
	}
	return false, nil
}

func (m *memory) outcomes() []store.Outcome {
	var all []store.Outcome
	for _, p := range m.records {
		all = append(all, p.Outcome)
	}
	return all
}

// douyinFake answers calls in turn; after the last answer it accepts everything.
type douyinFake struct {
	pushes  []douyin.OrderPush
	answers []func() error
}

func (d *douyinFake) PushOrder(_ context.Context, o douyin.OrderPush) (douyin.Receipt, error) {
	d.pushes = append(d.pushes, o)
	if n := len(d.pushes); n <= len(d.answers) {
		return douyin.Receipt{LogID: "L1", HTTPStatus: 200}, d.answers[n-1]()
	}
	return douyin.Receipt{LogID: "L1", HTTPStatus: 200}, nil
}

func newPush(m *memory, d *douyinFake) *PushHandler {
	clock := time.Unix(1768634600, 0)
	return &PushHandler{Orders: m, Line: &Line{Slots: NewSlots(8), Douyin: d}, Build: testBuilder(), Now: func() time.Time { return clock }, Log: zerolog.Nop()}
}

func pushTask(t *testing.T) *asynq.Task {
	t.Helper()
	task, err := tasks.PushOrder{OrderID: "123", Revision: "1", Cause: tasks.CausePaid}.Task()
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func equalOutcomes(a, b []store.Outcome) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestAPaidOrderIsPushedOnceHoweverOftenTheTaskRuns(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &douyinFake{}
	h := newPush(m, d)
	for range 3 {
		if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.pushes) != 1 || !equalOutcomes(m.outcomes(), []store.Outcome{store.Pushed}) {
		t.Errorf("%d calls, records %v; want one of each", len(d.pushes), m.outcomes())
	}
	if got := m.records[0]; got.LogID != "L1" || got.Cause != "paid" || got.Attempt != 1 || got.Status != 1 || got.ShopStatus != "1" {
		t.Errorf("record %+v", got)
	}
}

func TestAnOrderThatChangesDuringTheCallIsPushedAgainWithALaterTime(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &douyinFake{}
	d.answers = []func() error{func() error { m.s.Order.Status = "6"; return nil }}
	if err := newPush(m, d).ProcessTask(t.Context(), pushTask(t)); err != nil {
		t.Fatal(err)
	}
	if len(d.pushes) != 2 || d.pushes[1].Status != douyin.Refunded {
		t.Fatalf("pushes %+v; want paid, then refunded", d.pushes)
	}
	if d.pushes[1].UpdateTime <= d.pushes[0].UpdateTime {
		t.Errorf("update_time went from %d to %d within one tick of the clock", d.pushes[0].UpdateTime, d.pushes[1].UpdateTime)
	}
}

func TestAnAttemptWhoseEndNobodySawIsPushedAgain(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &douyinFake{}
	m.fail = func(p store.Push) error { // the answer of the first call cannot be written
		if len(d.pushes) == 1 {
			return errors.New("server has gone away")
		}
		return nil
	}
	h := newPush(m, d)
	if err := h.ProcessTask(t.Context(), pushTask(t)); err == nil {
		t.Fatal("a result that was not written must fail the task")
	}
	h = newPush(m, d) // another process, which does not know how it ended
	err := h.ProcessTask(t.Context(), pushTask(t))
	if isFailure(err) || err == nil || len(d.pushes) != 1 {
		t.Fatalf("while the attempt may still be in flight: %v, %d calls; want to be postponed", err, len(d.pushes))
	}
	h.Now = func() time.Time { return time.Unix(1768634600, 0).Add(h.staleAfter()) }
	if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil || len(d.pushes) != 2 {
		t.Fatalf("once it is stale: %v, %d calls; want a second call", err, len(d.pushes))
	}
}

func TestASupersededAttemptReadsTheOrderAgain(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &douyinFake{}
	m.onBegin = func(m *memory) { // another worker pushed in between, and the order has moved on
		m.onBegin = nil
		m.s.State.Seq++
		m.s.Order.Status = "5"
	}
	if err := newPush(m, d).ProcessTask(t.Context(), pushTask(t)); err != nil {
		t.Fatal(err)
	}
	if len(d.pushes) != 1 || d.pushes[0].Status != douyin.Refunding {
		t.Errorf("pushes %+v; want only the newer state", d.pushes)
	}
}

func TestWhatCannotBePushedIsRecordedWithItsReason(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(*memory, *douyinFake)
		outcome store.Outcome
		kind    string
		refused bool // by which its task has ended
		calls   int
	}{
		"no openid": {func(m *memory, _ *douyinFake) { m.s.User.OpenID = "" }, store.Refused, "incomplete", true, 0},
		"not found": {func(m *memory, _ *douyinFake) { m.loadErr = store.ErrOrderNotFound }, store.Retrying, "not_found", false, 0},
		"rejected": {func(_ *memory, d *douyinFake) {
			d.answers = []func() error{func() error {
				return &douyin.Error{Kind: douyin.Rejected, Code: 40012, Message: "open_id错误", LogID: "L9"}
			}}
		}, store.Refused, "rejected", true, 1},
		"down": {func(_ *memory, d *douyinFake) {
			d.answers = []func() error{func() error { return &douyin.Error{Kind: douyin.Unavailable, HTTPStatus: 502} }}
		}, store.Retrying, "unavailable", false, 1},
	} {
		m, d := &memory{s: testSnapshot()}, &douyinFake{}
		c.spoil(m, d)
		err := newPush(m, d).ProcessTask(t.Context(), pushTask(t))
		if err == nil || (told(err) == "refused") != c.refused || len(d.pushes) != c.calls {
			t.Errorf("%s: %v, %d calls", name, err, len(d.pushes))
		}
		last := m.records[len(m.records)-1]
		if last.Outcome != c.outcome || last.Kind != c.kind || (last.DueAt == nil) != c.refused {
			t.Errorf("%s: record %+v", name, last)
		}
	}
}

func TestTheResultIsWrittenWhenTheTasksTimeIsOver(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &douyinFake{}
	ctx, cancel := context.WithCancel(t.Context())
	d.answers = []func() error{func() error { cancel(); return nil }}
	_ = newPush(m, d).ProcessTask(ctx, pushTask(t))
	if len(m.records) == 0 || m.records[0].Outcome != store.Pushed {
		t.Errorf("records %v; want what Douyin answered", m.outcomes())
	}
}

// shutGate never lets a call pass.
type shutGate struct{ entered chan struct{} }

func (g shutGate) Enter(ctx context.Context, _ string) (func(error), error) {
	close(g.entered)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestATaskParkedAtTheGateGoesBackWhenTheProcessStops(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &douyinFake{}
	gate := shutGate{make(chan struct{})}
	h := newPush(m, d)
	h.Line.Gate = gate
	result := make(chan error)
	go func() { result <- h.ProcessTask(t.Context(), pushTask(t)) }()
	<-gate.entered
	h.Line.Stop()
	if err := <-result; isFailure(err) || !errors.Is(err, errStopping) {
		t.Errorf("got %v; want to be postponed without losing an attempt, because the process stops", err)
	}
	if len(m.begun) != 0 || len(m.records) != 0 {
		t.Error("nothing was sent, so nothing may be announced")
	}
}

type panicking struct{}

func (panicking) PushOrder(context.Context, douyin.OrderPush) (douyin.Receipt, error) {
	panic("boom")
}

func TestAPanicIsAFailureWithARecord(t *testing.T) {
	m := &memory{s: testSnapshot()}
	h := newPush(m, nil)
	h.Line.Douyin = panicking{}
	if err := h.ProcessTask(t.Context(), pushTask(t)); err == nil {
		t.Fatal("want an error")
	}
	if n := len(m.records); n != 1 || m.records[0].Kind != kindPanic {
		t.Errorf("records %+v", m.records)
	}
}

func TestABadPayloadIsArchivedAtOnce(t *testing.T) {
	h := newPush(&memory{}, &douyinFake{})
	for _, payload := range []string{"", "[]", `{"order_id":5}`, `{"order_id":"a/b"}`, `{"order_id":"1","cause":"x"}`, "\xff"} {
		if err := h.ProcessTask(t.Context(), asynq.NewTask(tasks.TypePushOrder, []byte(payload))); told(err) != "archive" {
			t.Errorf("payload %q: %v, want it archived", payload, err)
		}
	}
}
