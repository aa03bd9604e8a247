package admin

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestProfilesAreForOperators(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sessions := map[string]func(*http.Request){"": nil, "vera": s.as(t, "vera"), "omar": s.as(t, "omar")}
	for path, operator := range map[string]int{
		"/debug/pprof/": 200, "/debug/pprof/heap": 200, "/debug/pprof/allocs": 200, "/debug/pprof/goroutine": 200,
		"/debug/pprof/goroutine?debug=2": 200, "/debug/pprof/threadcreate": 200,
		"/debug/pprof/profile?seconds=1": 200,
		"/debug/pprof/profile?seconds=0": 400, "/debug/pprof/profile?seconds=121": 400, "/debug/pprof/trace?seconds=1e9": 400,
		"/debug/pprof/heap?seconds=": 400, "/debug/pprof/profile?seconds=NaN": 400,
	} {
		for name, want := range map[string]int{"": 401, "vera": 403, "omar": operator} {
			got := s.do("GET", path, sessions[name])
			if got.StatusCode != want {
				t.Errorf("%s as %q: %d, want %d", path, name, got.StatusCode, want)
			}
			for header, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy,
			} {
				if got.Header.Get(header) != want {
					t.Errorf("%s as %q: %s is %q, want %q", path, name, header, got.Header.Get(header), want)
				}
			}
		}
	}
	// The command line may hold a secret; profiles of Go name their functions.
	for _, path := range []string{"/debug/pprof/cmdline", "/debug/pprof/symbol", "/debug/pprof/block", "/debug/pprof/nothing"} {
		if got := s.do("GET", path, sessions["omar"]); got.StatusCode != 404 {
			t.Errorf("%s: %d, want 404", path, got.StatusCode)
		}
	}
	if got := s.do("POST", "/debug/pprof/heap", sessions["omar"]); got.StatusCode != 405 {
		t.Errorf("POST: %d, want 405", got.StatusCode)
	}
	if log := s.log.String(); strings.Count(log, `"audit":"profile"`) != 6 || !strings.Contains(log, `"user":"omar"`) {
		t.Errorf("the log does not say who took which profile:\n%s", log)
	}
}

func TestAHeapProfileIsOneOfPprof(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.do("GET", "/debug/pprof/heap", s.as(t, "omar"))
	packed, err := gzip.NewReader(got.Body)
	if err != nil {
		t.Fatal("not gzipped:", err)
	}
	profile, err := io.ReadAll(packed)
	if err != nil || !strings.Contains(string(profile), "inuse_space") || !strings.Contains(string(profile), "net/http.") {
		t.Errorf("%d bytes without in-use memory or a function's name, %v", len(profile), err)
	}
}

// The port's deadline for an answer is that of a page, and a profile may last longer.
func TestAProfileLastsAsLongAsItWasAskedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server := httptest.NewUnstartedServer(s)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	server.Start()
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/debug/pprof/trace?seconds=1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	s.as(t, "omar")(r)
	begin := time.Now()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	trace, err := io.ReadAll(resp.Body)
	if took := time.Since(begin); err != nil || took < time.Second || !strings.HasPrefix(string(trace), "go 1.") {
		t.Errorf("%d bytes after %v, %v", len(trace), took, err)
	}
}

// A worker's port has no asynqmon: a sign-in leads to the profiles.
func TestAPortWithoutRedisHasTheProfiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	bare, err := New(Config{Users: s.cfg.Users, Log: s.cfg.Log, Now: s.cfg.Now})
	if err != nil {
		t.Fatal(err)
	}
	s.Admin = bare
	if got := s.signIn("omar", password); got.Header.Get("Location") != ProfilePath {
		t.Errorf("the sign-in leads to %q", got.Header.Get("Location"))
	}
	for path, want := range map[string]int{"/asynqmon/": 404, ProfilePath: 200} {
		if got := s.do("GET", path, s.as(t, "omar")); got.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, got.StatusCode, want)
		}
	}
}
