package pages_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"golang.org/x/crypto/bcrypt"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/pages"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks/inbox"
)

const (
	password = "correct horse"
	openID   = "_000-very-secret-open-id"
)

// site is a private port with the pages, over a shop with orders of its own; vera may look and omar may change.
type site struct {
	*httptest.Server
	store *store.Store
	db    *gorm.DB
	redis *redis.Client
	log   *servertest.Buffer
	rate  float64 // of pushes, of 50

	statuses store.StatusCounts
}

// onEach runs a test on every back end.
func onEach(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) { test(t, newSite(t, db, servertest.Redis(t))) })
}

func newSite(t *testing.T, db *gorm.DB, rdb *redis.Client) *site {
	t.Helper()
	servertest.CreateShop(t, db)
	return siteOver(t, db, rdb)
}

// siteOver is newSite where the shop's tables are there.
func siteOver(t *testing.T, db *gorm.DB, rdb *redis.Client) *site {
	t.Helper()
	return siteIn(t, db, rdb, time.UTC)
}

// siteIn is siteOver for operators in a zone.
func siteIn(t *testing.T, db *gorm.DB, rdb *redis.Client, zone *time.Location) *site {
	t.Helper()
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	servertest.Migrate(t, st, db)
	s := &site{store: st, db: db, redis: rdb, log: &servertest.Buffer{}, rate: 50}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	log := zerolog.New(s.log)
	a, err := admin.New(admin.Config{
		Redis: rdb, Users: map[string]admin.User{"vera": {Role: admin.Viewer, Hash: hash}, "omar": {Role: admin.Operator, Hash: hash}},
		Home: pages.Home, Log: log, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	jobs := pages.NewJobs(st, log)
	if err := pages.Mount(a, pages.Deps{
		Store: st, Queue: asynq.NewClientFromRedisClient(rdb), Inspector: asynq.NewInspectorFromRedisClient(rdb), Now: time.Now, Zone: zone, Log: log,
		Jobs: jobs, HandsOn: true,
		Buried: func(ctx context.Context, page inbox.BuriedPage) ([]inbox.Buried, int64, error) {
			return inbox.BuriedEntries(ctx, rdb, page)
		},
		Processes: func(ctx context.Context) ([]alive.Process, error) { return alive.Read(ctx, rdb) },
		Token:     func(context.Context) (time.Duration, error) { return time.Hour, nil },
		Rate:      func(context.Context) (now, most float64) { return s.rate, 50 },
		Statuses:  func(context.Context) (store.StatusCounts, error) { return s.statuses, nil },
	}); err != nil {
		t.Fatal(err)
	}
	s.lives(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); jobs.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	s.Server = httptest.NewServer(a)
	t.Cleanup(s.Close)
	return s
}

// lives lets a process of each role have given a sign of life a moment ago.
func (s *site) lives(t *testing.T) {
	t.Helper()
	s.sign(t, "all", time.Now(), `{"host":"shop-1","pid":7,"roles":["gateway","worker","scheduler"],"version":"v0.1.0","breakers":{"pushes":"closed","signed":"closed","trade":"closed"}}`)
}

// sign writes a process's sign of life, as it was given at a time.
func (s *site) sign(t *testing.T, id string, at time.Time, text string) {
	t.Helper()
	if err := s.redis.HSet(t.Context(), alive.Key, id, strconv.FormatInt(at.UnixMilli(), 10)+" "+text).Err(); err != nil {
		t.Fatal(err)
	}
}

// addOrder adds an order of 12.30 yuan with all that belongs to it; without a picture it cannot be pushed.
func (s *site) addOrder(t *testing.T, id int, picture string) {
	t.Helper()
	for _, q := range []struct {
		statement string
		args      []any
	}{
		{"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, status) VALUES (?, ?, ?, ?, '12.30', '12.30', ?, '', 1)", []any{id, id, id, id, time.Now().Unix()}},
		{"INSERT INTO dy_user (id, openid) VALUES (?, ?)", []any{id, openID}},
		{"INSERT INTO product (id, cover_img) VALUES (?, ?)", []any{id, picture}},
		{"INSERT INTO course (id, name) VALUES (?, '零基础学吉他')", []any{id}},
	} {
		if err := s.db.Exec(q.statement, q.args...).Error; err != nil {
			t.Fatal(err)
		}
	}
}

// refund is the refund with this number, as it stands.
func (s *site) refund(t *testing.T, number string) store.Instruction {
	t.Helper()
	i, found, err := s.store.Instruction(t.Context(), store.Refund, number)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return i
}

// fail records that an order was refused.
func (s *site) fail(t *testing.T, id, kind string, code int, words string) {
	t.Helper()
	s.failAt(t, time.Now(), id, kind, code, words)
}

func (s *site) failAt(t *testing.T, at time.Time, id, kind string, code int, words string) {
	t.Helper()
	s.record(t, store.Push{
		OrderID: id, OrderNo: id, At: at, Cause: "paid", Attempt: 1, Outcome: store.Refused, Kind: kind, Code: code, Message: words, LogID: "log-" + id,
		HTTPStatus: 200, Duration: 12 * time.Millisecond, Request: `{"open_id":"***","order_detail":"{}"}`, Response: `{"err_code":40012}`,
	})
}

func (s *site) record(t *testing.T, p store.Push) {
	t.Helper()
	if _, err := s.store.RecordPush(context.Background(), p); err != nil {
		t.Fatal(err)
	}
}

// visitor is somebody with cookies, signed in unless name is empty.
type visitor struct {
	*http.Client
	site *site
	t    *testing.T
	lang string // Accept-Language
}

func (s *site) as(t *testing.T, name string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{Client: &http.Client{Jar: jar}, site: s, t: t}
	if name != "" {
		if _, status := v.post("/login", url.Values{"name": {name}, "password": {password}}); status != http.StatusOK {
			t.Fatalf("sign in as %s: %d", name, status)
		}
	}
	return v
}

func (v *visitor) get(path string) (body string, status int) {
	v.t.Helper()
	return v.do(http.MethodGet, path, "")
}

func (v *visitor) post(path string, form url.Values) (body string, status int) {
	v.t.Helper()
	return v.do(http.MethodPost, path, form.Encode())
}

func (v *visitor) do(method, path, form string) (body string, status int) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.site.URL+path, strings.NewReader(form))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", v.lang)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", v.site.URL)
	}
	answer, err := v.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(all), answer.StatusCode
}

// sees fails the test where a page lacks one of the parts.
func (v *visitor) sees(path string, parts ...string) string {
	v.t.Helper()
	body, status := v.get(path)
	if status != http.StatusOK {
		v.t.Fatalf("GET %s: %d\n%s", path, status, body)
	}
	var missing []string
	for _, part := range parts {
		if !strings.Contains(body, part) {
			missing = append(missing, part)
		}
	}
	if len(missing) > 0 {
		v.t.Errorf("GET %s lacks %q:\n%s", path, missing, body)
	}
	return body
}
