package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

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
