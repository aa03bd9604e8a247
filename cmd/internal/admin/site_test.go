package admin

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"golang.org/x/crypto/bcrypt"

	"github.com/ordersync/ordersync/store/servertest"
)

const (
	host     = "http://localhost:8081"
	password = "correct horse"
	openid   = "o-secret-openid"
)

// site is an Admin with two users, vera who may look and omar who may change.
type site struct {
	*Admin
	log servertest.Buffer
	now time.Time
	rdb *redis.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{rdb: servertest.Redis(t), now: time.Unix(1_700_000_000, 0)}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	s.Admin, err = New(Config{
		Redis: s.rdb, Users: map[string]User{"vera": {Viewer, hash}, "omar": {Operator, hash}},
		Log: zerolog.New(&s.log), Now: func() time.Time { return s.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) do(method, path string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, host+path, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func form(values url.Values) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader(values.Encode()))
	}
}

func (s *site) signIn(name, pass string) *http.Response {
	return s.do("POST", "/login", form(url.Values{"name": {name}, "password": {pass}}))
}

// as sends the cookie of a user who is signed in; an empty name sends none.
func (s *site) as(t *testing.T, name string) func(*http.Request) {
	t.Helper()
	if name == "" {
		return func(*http.Request) {}
	}
	cookies := s.signIn(name, password).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%s was not signed in", name)
	}
	return func(r *http.Request) { r.AddCookie(cookies[0]) }
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close() //nolint:errcheck // a recorder's
	all, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// plant makes tasks in the states that a person looks at: pending, archived, retained.
func plant(t *testing.T, rdb *redis.Client) {
	t.Helper()
	client, inspector := asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb)
	payload := []byte(`{"order_id":"10086","cause":"paid","openid":"` + openid + `"}`)
	for _, id := range []string{"push:1:pending", "push:1:archived"} {
		if _, err := client.Enqueue(asynq.NewTask("order:push", payload), asynq.TaskID(id), asynq.Queue("push")); err != nil {
			t.Fatal(err)
		}
	}
	if err := inspector.ArchiveTask("push", "push:1:archived"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Enqueue(asynq.NewTask("done", payload), asynq.TaskID("push:1:done"), asynq.Queue("sweep"), asynq.Retention(time.Hour)); err != nil {
		t.Fatal(err)
	}
	ran := make(chan struct{})
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{Queues: map[string]int{"sweep": 1}, LogLevel: asynq.FatalLevel, TaskCheckInterval: 10 * time.Millisecond})
	err := server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		defer close(ran)
		_, err := task.ResultWriter().Write([]byte(openid))
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	<-ran
	server.Shutdown() // waits until the task is recorded
}
