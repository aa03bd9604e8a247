package admin

import (
	"regexp"
	"strings"
	"testing"
)

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
		`{"order_id":"1","asked_at":1764489600123}`:      `{"asked_at":"2025-11-30T08:00:00Z","order_id":"1"}`,
		`{"order_id":"1","asked_at":"` + "openid" + `"}`: `{"(hidden)":1,"order_id":"1"}`,
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
