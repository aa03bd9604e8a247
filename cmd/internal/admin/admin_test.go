package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
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
	host     = "http://admin.test"
	password = "correct horse"
	openid   = "o-secret-openid"
)

// site is an Admin with two users, vera who may look and omar who may change.
type site struct {
	*Admin
	log bytes.Buffer
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

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	plant(t, s.rdb)
	s.Handle("POST /orders/{id}/push", Operator, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := SignedIn(r.Context())
		_, _ = fmt.Fprintf(w, "%s %s %v %s", who.Name, who.Role, ok, r.PathValue("id"))
	}))
	const api = "/asynqmon/api/queues/push"
	sessions := map[string]func(*http.Request){"": nil, "vera": s.as(t, "vera"), "omar": s.as(t, "omar")}
	for _, c := range []struct {
		method, path             string
		nobody, viewer, operator int
	}{
		{"GET", "/healthz", 200, 200, 200},
		{"GET", "/login", 200, 200, 200},
		{"GET", "/", 404, 404, 404},
		{"GET", "/asynqmon", 307, 307, 307},
		{"GET", "/asynqmon/", 401, 200, 200},
		{"GET", "/asynqmon/queues/push", 401, 200, 200},
		{"GET", "/asynqmon/favicon.ico", 401, 200, 200},
		{"GET", "/asynqmon/api/queues", 401, 200, 200},
		{"GET", "/asynqmon/api/servers", 401, 200, 200},
		{"GET", "/asynqmon/api/queue_stats", 401, 200, 200},
		{"GET", "/asynqmon/api/scheduler_entries", 401, 200, 200},
		{"GET", "/asynqmon/api/queues/sweep", 401, 200, 200},
		{"GET", "/asynqmon/api/queues/sweep/completed_tasks", 401, 200, 200},
		{"GET", "/asynqmon/api/queues/sweep/tasks/push:1:done", 401, 200, 200},
		{"GET", api, 401, 200, 200},
		{"GET", api + "/archived_tasks", 401, 200, 200},
		{"GET", api + "/tasks/push:1:archived", 401, 200, 200},
		{"GET", api + "/tasks/push:1:nowhere", 401, 404, 404},
		{"GET", "/asynqmon/api/nothing", 401, 404, 404},
		{"GET", "/asynqmon/api/redis_info", 401, 404, 404},
		{"GET", "/asynqmon/api/%72edis_info", 401, 404, 404},
		{"GET", "/asynqmon/api/redis_info/", 401, 404, 404},
		{"GET", "/asynqmon/api/metrics", 401, 404, 404},
		{"POST", api + ":pause", 401, 405, 204},
		{"POST", api + ":resume", 401, 405, 204},
		{"POST", api + "/pending_tasks:archive_all", 401, 405, 403},
		{"POST", api + "/retry_tasks:archive_all", 401, 405, 403},
		{"POST", api + "/archived_tasks/push:1:archived:run", 401, 405, 204},
		{"DELETE", api + "/pending_tasks/push:1:archived", 401, 405, 204},
		{"POST", "/asynqmon/api/nothing", 401, 405, 404},
		{"POST", "/asynqmon/", 401, 405, 404},
		{"POST", "/orders/7/push", 401, 403, 200},
		{"GET", "/orders/7/push", 405, 405, 405},
		{"POST", "/healthz", 405, 405, 405},
	} {
		for name, want := range map[string]int{"": c.nobody, "vera": c.viewer} {
			if got := s.do(c.method, c.path, sessions[name]); got.StatusCode != want {
				t.Errorf("%s %s as %q: %d, want %d", c.method, c.path, name, got.StatusCode, want)
			}
		}
		got := s.do(c.method, c.path, sessions["omar"])
		if got.StatusCode != c.operator {
			t.Errorf("%s %s as omar: %d, want %d", c.method, c.path, got.StatusCode, c.operator)
		}
		if text := body(t, got); c.path == "/orders/7/push" && c.method == "POST" && text != "omar operator true 7" {
			t.Errorf("the page saw %q", text)
		}
	}
}

func TestAForeignPageCannotChangeAnything(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	plant(t, s.rdb)
	session := s.as(t, "omar")
	for name, c := range map[string]struct {
		header, value string
		want          int
	}{
		"evil origin":        {"Origin", "https://evil.example", 403},
		"other port":         {"Origin", "http://admin.test:99", 403},
		"null origin":        {"Origin", "null", 403},
		"cross site":         {"Sec-Fetch-Site", "cross-site", 403},
		"sister host":        {"Sec-Fetch-Site", "same-site", 403},
		"own origin":         {"Origin", host, 200},
		"own page":           {"Sec-Fetch-Site", "same-origin", 200},
		"a shell with curl":  {"X-Nothing", "", 200},
		"address bar typing": {"Sec-Fetch-Site", "none", 200},
	} {
		got := s.do("DELETE", "/asynqmon/api/queues/push/pending_tasks:delete_all", func(r *http.Request) {
			session(r)
			r.Header.Set(c.header, c.value)
		})
		if got.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, got.StatusCode, c.want)
		}
	}
	if got := s.do("POST", "/login", func(r *http.Request) {
		form(url.Values{"name": {"omar"}, "password": {password}})(r)
		r.Header.Set("Origin", "https://evil.example")
	}); got.StatusCode != 403 || len(got.Cookies()) != 0 {
		t.Errorf("a foreign form signs in: %d, %v", got.StatusCode, got.Cookies())
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	wrong := s.signIn("omar", "wrong")
	unknown := s.signIn("nobody", "wrong")
	guessed := s.signIn("nobody", "nobody's") // the password of the hash that stands in for unknown users
	if a, b, c := body(t, wrong), body(t, unknown), body(t, guessed); a != b || a != c || wrong.StatusCode != 401 || unknown.StatusCode != 401 || guessed.StatusCode != 401 {
		t.Errorf("a wrong password and an unknown user get different answers: %d %d %d", wrong.StatusCode, unknown.StatusCode, guessed.StatusCode)
	}
	if len(wrong.Cookies())+len(unknown.Cookies())+len(guessed.Cookies()) != 0 {
		t.Error("a cookie without a sign-in")
	}
	right := s.signIn("omar", password)
	if right.StatusCode != 303 || right.Header.Get("Location") != "/asynqmon/" {
		t.Errorf("%d to %q", right.StatusCode, right.Header.Get("Location"))
	}
	c := right.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure {
		t.Errorf("cookie %+v", c)
	}
	if s.do("POST", "/login", form(url.Values{"x": {strings.Repeat("x", maxForm)}})).StatusCode != 400 {
		t.Error("a long form is read to its end")
	}
}

func TestSignInLeadsOnlyToOurOwnPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	asked := s.do("GET", "/asynqmon/queues/push?page=2", func(r *http.Request) { r.Header.Set("Accept", "text/html,*/*") })
	if got := asked.Header.Get("Location"); asked.StatusCode != 303 || got != "/login?next=%2Fasynqmon%2Fqueues%2Fpush%3Fpage%3D2" {
		t.Errorf("%d to %q", asked.StatusCode, got)
	}
	for next, want := range map[string]string{
		"/asynqmon/queues/push?page=2": "/asynqmon/queues/push?page=2", "": "/asynqmon/", "//evil.example": "/asynqmon/",
		"/\\evil.example": "/asynqmon/", "/\t/evil.example": "/asynqmon/", "https://evil.example": "/asynqmon/",
		"javascript:alert(1)": "/asynqmon/", "/login": "/asynqmon/", "evil": "/asynqmon/", "/%zz": "/asynqmon/",
	} {
		if got := s.ownPath(next); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
	page := body(t, s.do("GET", "/login?next="+url.QueryEscape(`/"><script>alert(1)</script>`), nil))
	if strings.Contains(page, "<script>") {
		t.Error("the form shows a script that came with the address")
	}
}

func TestACookieThatIsNotOursIsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.signIn("omar", password).Cookies()[0].Value
	status := func(value string) int {
		return s.do("GET", "/asynqmon/api/queues", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: cookieName, Value: value})
		}).StatusCode
	}
	if got := status(good); got != 200 {
		t.Fatalf("the good one: %d", got)
	}
	for i := range good {
		other := byte('A')
		if good[i] == other {
			other = 'Q' // differs in high bits: the last character of base64 has spare low ones
		}
		if got := status(good[:i] + string(other) + good[i+1:]); got != 401 && i < len(good)-1 {
			t.Errorf("changed at %d: %d", i, got)
		}
	}
	another := newSite(t)
	for name, value := range map[string]string{
		"empty": "", "short": good[:20], "long": strings.Repeat("A", 5000), "no base64": "!!", "of another process": another.signIn("omar", password).Cookies()[0].Value,
	} {
		if got := status(value); got != 401 {
			t.Errorf("%s: %d, want 401", name, got)
		}
	}
	s.now = s.now.Add(sessionLife)
	if got := status(good); got != 401 {
		t.Errorf("expired: %d, want 401", got)
	}
	s.now = s.now.Add(-time.Hour)
	delete(s.cfg.Users, "omar")
	if got := status(good); got != 401 {
		t.Errorf("of a user who was taken out: %d, want 401", got)
	}
}

func TestSignedOutIsOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	session := s.as(t, "vera")
	out := s.do("POST", "/logout", session)
	if out.StatusCode != 303 || len(out.Cookies()) != 1 || out.Cookies()[0].Value != "" || out.Cookies()[0].Expires.After(s.now) {
		t.Errorf("%d, %v", out.StatusCode, out.Cookies())
	}
	if got := s.do("GET", "/asynqmon/", session); got.StatusCode != 401 {
		t.Errorf("the cookie works after signing out: %d", got.StatusCode)
	}
	if got := s.do("GET", "/asynqmon/", s.as(t, "vera")); got.StatusCode != 200 {
		t.Errorf("signing in again: %d", got.StatusCode)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range signInBurst {
		if got := s.signIn("omar", "wrong"); got.StatusCode != 401 {
			t.Fatalf("try %d: %d", i, got.StatusCode)
		}
	}
	got := s.signIn("omar", password)
	if got.StatusCode != 429 || got.Header.Get("Retry-After") != "6" {
		t.Errorf("after %d tries: %d, Retry-After %q", signInBurst, got.StatusCode, got.Header.Get("Retry-After"))
	}
	s.now = s.now.Add(signInEvery)
	if got := s.signIn("omar", password); got.StatusCode != 303 {
		t.Errorf("after the wait: %d", got.StatusCode)
	}

	var l limits
	for i := range maxKept {
		if !l.allow(fmt.Sprint(i), s.now) {
			t.Fatalf("address %d is refused", i)
		}
	}
	if l.allow("one more", s.now) || len(l.kept) > maxKept {
		t.Errorf("%d are kept", len(l.kept))
	}
	if !l.allow("one more", s.now.Add(signInEvery)) || len(l.kept) != 1 {
		t.Errorf("the calm ones are not forgotten: %d are kept", len(l.kept))
	}
}

func TestBcryptRunsForFewAtOnceAndNotForThoseWhoLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range bcryptAtOnce {
		s.hashing <- struct{}{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.checkPassword(ctx, "omar", password); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want to wait for a free core", err)
	}
}

func TestEveryChangeLeavesALine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	plant(t, s.rdb)
	s.Handle("POST /breaks", Viewer, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	viewer, operator := s.as(t, "vera"), s.as(t, "omar")
	s.signIn("omar", "hunter2hunter2")
	s.signIn("hunter2hunter2", "omar")
	s.do("GET", "/asynqmon/api/queues", operator)
	s.do("POST", "/asynqmon/api/queues/push:pause", operator)
	s.do("POST", "/asynqmon/api/queues/push:pause", viewer)
	s.do("POST", "/asynqmon/api/queues/push:pause", nil)
	s.do("POST", "/asynqmon/api/queues/push:pause", func(r *http.Request) { operator(r); r.Header.Set("Origin", "https://evil.example") })
	s.do("DELETE", "/asynqmon/api/queues/push/pending_tasks/"+url.PathEscape("\xff"+strings.Repeat("单", 200)), operator)
	func() {
		defer func() { _ = recover() }()
		s.do("POST", "/breaks", viewer)
	}()
	s.do("POST", "/logout", viewer)

	var got []string
	for line := range strings.Lines(s.log.String()) {
		var l struct {
			Audit, User, Role, Method, Path, From string
			Status                                int
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if l.From != "192.0.2.1" {
			t.Errorf("from %q", l.From)
		}
		if len(l.Path) > maxPathBytes+3 {
			t.Errorf("a path of %d bytes", len(l.Path))
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %.40s %d", l.Audit, l.User, l.Role, l.Method, l.Path, l.Status))
	}
	want := []string{
		"sign-in vera viewer POST /login 303",
		"sign-in omar operator POST /login 303",
		"sign-in omar operator POST /login 401",
		"sign-in  nobody POST /login 401",
		"change omar operator POST /asynqmon/api/queues/push:pause 204",
		"change vera viewer POST /asynqmon/api/queues/push:pause 405",
		"change  nobody POST /asynqmon/api/queues/push:pause 401",
		"change omar operator POST /asynqmon/api/queues/push:pause 403",
		"change omar operator DELETE /asynqmon/api/queues/push/pending_tasks/ 404",
		"change vera viewer POST /breaks 500",
		"change vera viewer POST /logout 303",
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], strings.TrimSuffix(want[i], " 404")) {
			t.Fatalf("line %d of\n%s\nwant\n%s", i, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if text := s.log.String(); strings.Contains(text, "hunter2") || strings.Contains(text, password) {
		t.Errorf("the log shows a password: %s", text)
	}
}

func TestNothingIsLoadedFromAForeignHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	session := s.as(t, "omar")
	loads := regexp.MustCompile(`(?i)(?:src|href|action)\s*=\s*["']?(?:[a-z]+:)?//`)
	for _, path := range []string{"/login", "/asynqmon/", "/asynqmon/index.html", "/asynqmon/queues/push", "/asynqmon/static/nothing.js", "/asynqmon/no/such/page"} {
		got := s.do("GET", path, session)
		page := body(t, got)
		if got.StatusCode != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Header.Get("Content-Type"))
		}
		if loads.MatchString(page) || strings.Contains(page, "googleapis") {
			t.Errorf("%s loads something from elsewhere", path)
		}
		policy := got.Header.Get("Content-Security-Policy")
		if strings.Contains(policy, "//") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "script-src 'self' 'unsafe") {
			t.Errorf("%s: policy %s", path, policy)
		}
		for _, script := range inlineScript.FindAllStringSubmatch(page, -1) {
			if !strings.Contains(policy, source(script[1])) {
				t.Errorf("%s: the policy forbids the page's own script %.60s", path, script[1])
			}
		}
		if path != "/login" && !strings.Contains(page, `FLAG_ROOT_PATH="\/asynqmon"`) && !strings.Contains(page, `FLAG_ROOT_PATH="/asynqmon"`) {
			t.Errorf("%s: not asynqmon's start page", path)
		}
	}
}

func TestEveryAnswerCarriesItsTypeAndTheHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	plant(t, s.rdb)
	session := s.as(t, "vera")
	page := body(t, s.do("GET", "/asynqmon/", session))
	script := regexp.MustCompile(`src="(/asynqmon/static/js/main[^"]+)"`).FindStringSubmatch(page)
	if script == nil {
		t.Fatal("the start page names no script")
	}
	for path, kind := range map[string]string{
		script[1]: "text/javascript; charset=utf-8", "/asynqmon/api/queues": "application/json", "/asynqmon/favicon.ico": "image/x-icon",
		"/asynqmon/manifest.json": "application/json", "/asynqmon/api/queues/push/tasks/push:1:archived": "application/json",
		"/healthz": "text/plain; charset=utf-8",
	} {
		got := s.do("GET", path, session)
		if got.StatusCode != 200 || got.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %q, want %q", path, got.StatusCode, got.Header.Get("Content-Type"), kind)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s %q", path, name, got.Header.Get(name))
			}
		}
		cached := strings.HasPrefix(path, "/asynqmon/static/")
		if cache := got.Header.Get("Cache-Control"); cached != strings.Contains(cache, "immutable") || !cached && cache != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, cache)
		}
	}
}

func TestPagesShowNoPersonalData(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	plant(t, s.rdb)
	session := s.as(t, "omar")
	for _, path := range []string{
		"/queues/push/pending_tasks", "/queues/push/archived_tasks", "/queues/push/tasks/push:1:archived",
		"/queues/sweep/completed_tasks", "/queues/sweep/tasks/push:1:done",
	} {
		got := body(t, s.do("GET", "/asynqmon/api"+path, session))
		if strings.Contains(got, openid) || !strings.Contains(got, `10086`) || !strings.Contains(got, "(hidden)") {
			t.Errorf("%s shows %s", path, got)
		}
	}
	for payload, want := range map[string]string{
		`{"order_id":"1","revision":"r","cause":"paid"}`: `{"cause":"paid","order_id":"1","revision":"r"}`,
		`{"out_refund_no":"R","phone":"138"}`:            `{"(hidden)":1,"out_refund_no":"R"}`,
		`{"order_id":{"phone":"138"}}`:                   `{"(hidden)":1}`,
		`{"order_id":"` + strings.Repeat("1", 65) + `"}`: `{"(hidden)":1}`,
		`138`: `(hidden)`, ``: `(hidden)`, "\xff": `(hidden)`, `null`: `{}`,
	} {
		if got := showPayload("any", []byte(payload)); got != want {
			t.Errorf("payload %s is shown as %s, want %s", payload, got, want)
		}
	}
}
