package admin

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

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
