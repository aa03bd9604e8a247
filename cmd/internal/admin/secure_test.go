package admin

import (
	"net/http"
	"strings"
	"testing"
)

func TestTheSessionCookieIsSecureButOnTheMachineItself(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rule  CookieRule
		host  string
		proto string // X-Forwarded-Proto
		want  bool
	}{
		{"tunnel", CookieAuto, "localhost:8081", "", false},
		{"tunnel, named with its root", CookieAuto, "LOCALHOST.:8081", "", false},
		{"compose", CookieAuto, "127.0.0.1:8081", "", false},
		{"IPv6", CookieAuto, "[::1]:8081", "", false},
		{"IPv6 without a port", CookieAuto, "[::1]", "", false},
		{"a subdomain of this machine", CookieAuto, "orders.localhost", "", false},
		{"behind TLS", CookieAuto, "orders.example.com", "https", true},
		{"behind TLS that says nothing", CookieAuto, "orders.example.com", "", true},
		{"somebody says it was plain", CookieAuto, "orders.example.com", "http", true},
		{"a proxy that asks us as localhost", CookieAuto, "127.0.0.1:8081", "https", true},
		{"a private address", CookieAuto, "10.0.0.5:8081", "", true},
		{"looks like this machine and is not", CookieAuto, "localhost.example.com", "", true},
		{"looks like this machine's address and is not", CookieAuto, "127.0.0.1.example.com", "", true},
		{"no host", CookieAuto, "", "", true},
		{"always", CookieAlways, "localhost:8081", "", true},
		{"never", CookieNever, "orders.example.com", "https", false},
	}
	s := newSite(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.cfg.Cookie = tt.rule
			s.limits = limits{}
			through := func(next func(*http.Request)) func(*http.Request) {
				return func(r *http.Request) {
					r.Host = tt.host
					r.Header.Set("X-Forwarded-Proto", tt.proto)
					next(r)
				}
			}
			cookies := s.do("POST", "/login", through(form(map[string][]string{"name": {"vera"}, "password": {password}}))).Cookies()
			if len(cookies) != 1 {
				t.Fatal("not signed in")
			}
			c := cookies[0]
			if c.Secure != tt.want || strings.HasPrefix(c.Name, "__Host-") != tt.want {
				t.Errorf("Secure %v and called %s, want Secure %v", c.Secure, c.Name, tt.want)
			}
			session := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) }
			if got := s.do("GET", "/asynqmon/api/queues", through(session)); got.StatusCode != 200 {
				t.Errorf("with its cookie: %d", got.StatusCode)
			}
			out := s.do("POST", "/logout", through(session)).Cookies()
			if len(out) != 1 || out[0].Name != c.Name || out[0].Value != "" {
				t.Errorf("signing out leaves the cookie: %v", out)
			}
		})
	}
}

// A cookie that could be planted over plain http opens nothing where the page is read over https.
func TestTheUnprefixedCookieIsNobodyOverHTTPS(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	value := s.signIn("omar", password).Cookies()[0].Value
	got := s.do("GET", "/asynqmon/api/queues", func(r *http.Request) {
		r.Host = "orders.example.com"
		r.AddCookie(&http.Cookie{Name: cookieName, Value: value})
	})
	if got.StatusCode != 401 {
		t.Errorf("status %d, want 401", got.StatusCode)
	}
}

func TestTheFormSaysWhereASignInCannotBeKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const words = "will not keep the sign-in"
	for name, tt := range map[string]struct {
		host, site string
		want       bool
	}{
		"plain http elsewhere": {"10.0.0.5:8081", "", true},
		"https":                {"orders.example.com", "none", false},
		"this machine":         {"localhost:8081", "none", false},
		"curl on this machine": {"localhost:8081", "", false},
	} {
		page := body(t, s.do("GET", "/login", func(r *http.Request) {
			r.Host = tt.host
			if tt.site != "" {
				r.Header.Set("Sec-Fetch-Site", tt.site)
			}
		}))
		if strings.Contains(page, words) != tt.want {
			t.Errorf("%s: the form says so is %v, want %v", name, !tt.want, tt.want)
		}
	}
}
