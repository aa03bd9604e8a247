package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

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
