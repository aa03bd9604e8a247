package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// from lets a request come from another address than the test's own.
func from(addr string, values url.Values) func(*http.Request) {
	return func(r *http.Request) {
		form(values)(r)
		r.RemoteAddr = addr
	}
}

func (s *site) signInFrom(addr, name, secret string) int {
	return s.do("POST", "/login", from(addr, url.Values{"name": {name}, "password": {secret}})).StatusCode
}

// Five tries a second from one address kept an operator out for as long as they went on.
func TestOneAddressLocksOutNobodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 600 { // two minutes of it
		s.limits.allow("203.0.113.9", "omar", true, s.now)
		s.now = s.now.Add(200 * time.Millisecond)
	}
	for held := false; !held; {
		held = !s.limits.allow("203.0.113.9", "omar", true, s.now)
	}
	if got := s.signInFrom("203.0.113.9:1", "omar", password); got != http.StatusTooManyRequests {
		t.Errorf("the one that guesses: %d", got)
	}
	if got := s.signInFrom("198.51.100.7:1", "omar", password); got != http.StatusSeeOther {
		t.Errorf("the operator, from elsewhere: %d", got)
	}
}

// 4,096 invented names filled the memory of all, and nobody could sign in any more.
func TestInventedNamesLockOutNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 2 * maxKept {
		s.limits.allow("203.0.113.9", fmt.Sprint("invented", i), false, s.now)
	}
	for i := range 2 * maxKept {
		s.limits.allow(fmt.Sprintf("2001:db8:%x:%x::1", i>>8, i&0xff), fmt.Sprint("invented", i), false, s.now)
	}
	if got := s.signInFrom("198.51.100.7:1", "omar", password); got != http.StatusSeeOther {
		t.Errorf("the operator: %d", got)
	}
	if n := len(s.limits.callers); n > maxKept {
		t.Errorf("%d addresses are kept", n)
	}
	if n := len(s.limits.users); n != 2 {
		t.Errorf("%d places for users: want omar's and one of all names that nobody has", n)
	}
	for _, c := range s.limits.callers {
		if len(c.names) > maxNames {
			t.Errorf("%d names are kept of one address", len(c.names))
		}
	}
}

// A name that nobody has is held back as one that somebody has: the answers tell nothing.
func TestTheLimitTellsNothingAboutNames(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{true, false} {
		var l limits
		now := time.Unix(1_700_000_000, 0)
		n := 0
		for l.allow("203.0.113.9", "one", exists, now) {
			n++
		}
		m := 0
		for l.allow("203.0.113.9", fmt.Sprint("other", m), exists, now) {
			m++
		}
		if n != signInBurst || n+m+1 != addressBurst {
			t.Errorf("exists %v: %d tries of one name and %d of others", exists, n, m)
		}
	}
}

func TestManyAddressesAreHeldToTheUsersLimit(t *testing.T) {
	t.Parallel()
	var l limits
	now := time.Unix(1_700_000_000, 0)
	n := 0
	for i := range 1000 {
		if l.allow(fmt.Sprintf("198.51.%d.%d", i>>8, i&0xff), "omar", true, now) {
			n++
		}
	}
	if n != userBurst {
		t.Errorf("%d tries of a thousand addresses", n)
	}
	if !l.allow("203.0.113.9", "vera", true, now) {
		t.Error("another user is held back too")
	}
}

func TestAnAddressIsWhatOnePersonCanHave(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"203.0.113.9": "203.0.113.9", "::ffff:203.0.113.9": "203.0.113.9", "2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "@": "@",
	} {
		if got := network(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Whoever is held back, or signed in as nobody, can ask as often as they like: the log has the first, and then a count.
func TestStrangersCannotFillTheAuditTrail(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 50 {
		s.do("POST", "/logout", nil)
	}
	for held := false; !held; {
		held = !s.limits.allow("203.0.113.9", "omar", true, s.now)
	}
	for range 50 {
		if got := s.signInFrom("203.0.113.9:1", "omar", password); got != http.StatusTooManyRequests {
			t.Fatalf("not held back: %d", got)
		}
	}
	if n := strings.Count(s.log.String(), "\n"); n != 2 {
		t.Errorf("%d lines, want one of each kind:\n%s", n, s.log.String())
	}
}
