package scheduler

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// noon is the tests' now.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

var errGone = errors.New("server has gone away")

// queue is asynq: its tasks, each once. A task of the scheduler's hides its id, so they go by their
// payloads, but for the time of asking, which is no part of an id.
type queue struct {
	mu    sync.Mutex
	ids   map[string]bool
	asked int
	fail  func(id string) error
}

var askedAt = regexp.MustCompile(`,"asked_at":\d+`)

func newQueue() *queue { return &queue{ids: map[string]bool{}} }

func (q *queue) EnqueueContext(ctx context.Context, t *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked++
	id := askedAt.ReplaceAllString(string(t.Payload()), "")
	if q.fail != nil {
		if err := q.fail(id); err != nil {
			return nil, err
		}
	}
	if q.ids[id] {
		return nil, asynq.ErrTaskIDConflict
	}
	q.ids[id] = true
	return &asynq.TaskInfo{ID: id}, nil
}

// onBoth runs a test with the shop's tables on every back end and a real asynq client. now may be
// moved.
func onBoth(t *testing.T, schema store.Schema, test func(t *testing.T, e *env)) {
	t.Helper()
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		e := &env{t: t, db: db, now: noon, schema: schema, redis: servertest.Redis(t)}
		e.client = asynq.NewClientFromRedisClient(e.redis)
		e.inspector = asynq.NewInspectorFromRedisClient(e.redis)
		e.store = e.newStore()
		if _, err := e.store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, e)
	})
}

type env struct {
	t         *testing.T
	db        *gorm.DB
	schema    store.Schema
	store     *store.Store
	redis     *redis.Client
	client    *asynq.Client
	inspector *asynq.Inspector
	mu        sync.Mutex
	now       time.Time
}

func (e *env) newStore() *store.Store {
	s, err := store.New(e.db, store.Config{Schema: e.schema, Now: e.clock})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(s.Close)
	return s
}

func (e *env) clock() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

func (e *env) pass(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = e.now.Add(d)
}

func (e *env) exec(statement string, args ...any) {
	e.t.Helper()
	if err := e.db.Exec(statement, args...).Error; err != nil {
		e.t.Fatalf("%s: %v", statement, err)
	}
}

// addOrder adds a paid order of 12.30 yuan.
func (e *env) addOrder(id int, created time.Time) {
	e.t.Helper()
	e.exec("INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (?, 1, 1, 1, '12.30', '12.30', ?, 'SN', 1)", id, created.Unix())
}

// tasks are the ids of the tasks that wait in a queue.
func (e *env) tasks(queue string) []string {
	e.t.Helper()
	infos, err := e.inspector.ListPendingTasks(queue, asynq.PageSize(5000))
	if err != nil && !errors.Is(err, asynq.ErrQueueNotFound) {
		e.t.Fatal(err)
	}
	ids := make([]string, len(infos))
	for i, info := range infos {
		ids[i] = info.ID
	}
	return ids
}

// sweeper is a scheduler's sweep over the real store.
func (e *env) sweeper() *Sweep {
	return &Sweep{
		Orders: e.newStore(), Queue: e.client, Statuses: []string{"1", "5", "6"}, After: time.Minute, Lookback: 30 * 24 * time.Hour, Now: e.clock, Log: zerolog.Nop(),
		Backlog: func(ctx context.Context) (int64, error) { return e.redis.LLen(ctx, "asynq:{sweep}:pending").Result() },
	}
}

func tick(t testing.TB, do func(context.Context) (bool, error)) (more bool) {
	t.Helper()
	more, err := do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return more
}

func asTask(i *asynq.TaskInfo) *asynq.Task { return asynq.NewTask(i.Type, i.Payload) }

// recordPush writes the end of an attempt down.
func recordPush(t testing.TB, s *store.Store, p store.Push) error {
	t.Helper()
	_, err := s.RecordPush(t.Context(), p)
	return err
}
