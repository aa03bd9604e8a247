package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

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
