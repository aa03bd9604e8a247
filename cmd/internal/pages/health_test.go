package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

const nothingToDo = "Nothing needs a person now."

// With the breaker open, or without a worker, the pages said that nothing needs a person.
func TestThePagesSayWhatDoesNotWork(t *testing.T) {
	for _, c := range []struct {
		name string
		mend func(t *testing.T, s *site)
		says []string
	}{
		{"no worker", func(t *testing.T, s *site) {
			s.sign(t, "all", time.Now(), `{"roles":["gateway","scheduler"],"version":"v1"}`)
		}, []string{"<b>Workers</b> <span>none runs</span>", "Start `ordersync worker`"}},
		{"a scheduler that was killed", func(t *testing.T, s *site) {
			s.sign(t, "all", time.Now(), `{"roles":["gateway","worker"],"version":"v1"}`)
			s.sign(t, "old", time.Now().Add(-3*time.Minute), `{"roles":["scheduler"],"version":"v1"}`)
		}, []string{"<b>Scheduler</b> <span>none since 3 min</span>"}},
		{"a breaker that is open", func(t *testing.T, s *site) {
			s.sign(t, "second", time.Now(), `{"roles":["worker"],"version":"v0.1.0","breakers":{"pushes":"open","signed":"closed"}}`)
		}, []string{"<span>breaker open, not called yet</span>", "so one process makes none now."}},
		{"two breakers that are open", func(t *testing.T, s *site) {
			s.sign(t, "second", time.Now(), `{"roles":["worker"],"version":"v0.1.0","breakers":{"pushes":"open","signed":"closed"}}`)
			s.sign(t, "third", time.Now(), `{"roles":["worker"],"version":"v0.1.0","breakers":{"pushes":"closed","signed":"open"}}`)
		}, []string{"<span>breaker open, not called yet</span>", "so 2 processes make none now."}},
		{"two versions", func(t *testing.T, s *site) {
			s.sign(t, "second", time.Now(), `{"roles":["worker"],"version":"v0.2.0"}`)
		}, []string{"2, versions v0.1.0, v0.2.0"}},
		{"orders that wait", func(t *testing.T, s *site) {
			due := time.Now().Add(-2 * time.Hour)
			s.record(t, store.Push{OrderID: "1", At: due, Outcome: store.Pushed})
			if err := s.db.Exec("UPDATE ordersync_order SET due_at = ?", due.UTC().Format("2006-01-02 15:04:05.000")).Error; err != nil {
				t.Fatal(err)
			}
		}, []string{"1, oldest 2 h ago"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, servertest.DB(t), servertest.Redis(t))
			c.mend(t, s)
			v := s.as(t, "vera")
			body := v.sees("/", c.says...)
			if strings.Contains(body, nothingToDo) {
				t.Error("and that nothing needs a person")
			}
			v.sees("/health", c.says[0])
		})
	}
}

func TestAllIsWellIsSaidWhereItIs(t *testing.T) {
	s := newSite(t, servertest.DB(t), servertest.Redis(t))
	s.record(t, store.Push{OrderID: "1", At: time.Now(), Outcome: store.Pushed, HTTPStatus: 200})
	v := s.as(t, "vera")
	v.sees("/", nothingToDo, "1, version v0.1.0", "last success 0 s ago", "<b>Redis</b> <span>answers</span>")
	v.sees("/health", "shop-1 · 7", "serves 1 h more", "payments, refunds, settlements: closed")
}

// A process of a version before signs of life is seen by asynq's own list.
func TestAWorkerOfAnOlderVersionIsAWorker(t *testing.T) {
	s := newSite(t, servertest.DB(t), servertest.Redis(t))
	s.sign(t, "all", time.Now(), `{"roles":["gateway","scheduler"],"version":"v1"}`)
	s.asynqServer(t)
	s.as(t, "vera").sees("/", "<b>Workers</b> <span>of an older version</span>")
}

// Redis may be away while MySQL is there, and the other way round. The pages come within a second or
// two, and say which.
func TestThePagesComeWithoutRedis(t *testing.T) {
	s := newSite(t, servertest.DB(t), servertest.Redis(t))
	v := s.as(t, "vera")
	if err := s.redis.Close(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	until(t, "the page says that Redis is away", func() bool {
		body, status := v.get("/")
		return status == http.StatusOK && strings.Contains(body, "does not answer")
	})
	body := v.sees("/", "<b>Redis</b> <span>does not answer</span>", "<b>Workers</b> <span>not known</span>", "<b>MySQL</b> <span>answers</span>", "Nothing is lost")
	if strings.Contains(body, nothingToDo) {
		t.Error("and that nothing needs a person")
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestThePagesSayThatMySQLIsAway(t *testing.T) {
	s := newSite(t, servertest.DB(t), servertest.Redis(t))
	v := s.as(t, "vera")
	pool, err := s.db.DB()
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	body, status := v.get("/")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "<b>MySQL</b> <span>does not answer</span>") || !strings.Contains(body, "<b>Redis</b> <span>answers</span>") {
		t.Errorf("%d\n%s", status, body)
	}
}

// asynqServer lets asynq's own list name a server.
func (s *site) asynqServer(t *testing.T) {
	t.Helper()
	server := asynq.NewServerFromRedisClient(s.redis, asynq.Config{Queues: map[string]int{"push": 1}, Logger: silent{}})
	if err := server.Start(asynq.NewServeMux()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	inspector := asynq.NewInspectorFromRedisClient(s.redis)
	until(t, "asynq knows its server", func() bool {
		all, err := inspector.Servers()
		return err == nil && len(all) > 0
	})
}

// silent is a log that nobody reads.
type silent struct{}

func (silent) Debug(...any) {}
func (silent) Info(...any)  {}
func (silent) Warn(...any)  {}
func (silent) Error(...any) {}
func (silent) Fatal(...any) {}
