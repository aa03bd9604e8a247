package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestTheAPIAsksForAToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header string
		status int
	}{
		"the token":         {"Bearer " + token, 202},
		"an older token":    {"Bearer an-older-token", 202},
		"scheme in capital": {"BEARER " + token, 202},
		"none":              {"", 401},
		"empty":             {"Bearer ", 401},
		"another":           {"Bearer another", 401},
		"a part":            {"Bearer " + token[:10], 401},
		"more":              {"Bearer " + token + "x", 401},
		"basic":             {"Basic " + token, 401},
		"bare":              {token, 401},
	} {
		t.Run(name, func(t *testing.T) {
			f := setUp(t)
			w := f.ask("POST", "/v1/orders/1/push", "", with("Authorization", c.header))
			if c.status == http.StatusAccepted {
				if w.Code != c.status {
					t.Errorf("HTTP %d %s", w.Code, w.Body)
				}
				return
			}
			wantProblem(t, w, http.StatusUnauthorized, "")
			if !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate %q", w.Header().Get("WWW-Authenticate"))
			}
			if len(f.queue.tasks) != 0 {
				t.Error("queued without a token")
			}
		})
	}
}

// Every route of the API, whatever is added later.
func TestNoRouteOfTheAPIIsOpen(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for _, route := range f.routes {
		method, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		for place := range map[string]bool{"{id}": true, "{no}": true, "{out_order_no}": true} {
			path = strings.ReplaceAll(path, place, "1")
		}
		wantProblem(t, f.ask(method, path, "", without("Authorization")), http.StatusUnauthorized, "")
	}
}

func TestWatchersNeedNoToken(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for _, path := range []string{"/healthz", "/readyz", "/openapi.yaml"} {
		if w := f.ask("GET", path, "", without("Authorization")); w.Code != http.StatusOK {
			t.Errorf("%s: HTTP %d %s", path, w.Code, w.Body)
		}
	}
}

func TestWithoutTokensOnlyThisMachineIsServed(t *testing.T) {
	t.Parallel()
	f := setUp(t, func(c *Config, _ *Parts) { c.Tokens, c.Loopback = nil, true })
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	for name, c := range map[string]struct {
		change []func(*http.Request)
		status int
	}{
		"curl":                   {nil, 202},
		"by address":             {[]func(*http.Request){host("127.0.0.1:8080")}, 202},
		"by IPv6 address":        {[]func(*http.Request){host("[::1]:8080")}, 202},
		"IPv6 without a port":    {[]func(*http.Request){host("[::1]")}, 202},
		"a rebound name":         {[]func(*http.Request){host("evil.example:8080")}, 403},
		"no host":                {[]func(*http.Request){host("")}, 403},
		"a page of another site": {[]func(*http.Request){with("Sec-Fetch-Site", "cross-site")}, 403},
		"an older browser":       {[]func(*http.Request){with("Origin", "https://evil.example")}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.ask("POST", "/v1/orders/1/push", "", append(c.change, without("Authorization"))...)
			if c.status == http.StatusAccepted {
				if w.Code != c.status {
					t.Errorf("HTTP %d %s", w.Code, w.Body)
				}
				return
			}
			wantProblem(t, w, c.status, "")
		})
	}
}

func TestCheckAddr(t *testing.T) {
	t.Parallel()
	for addr, loopback := range map[string]bool{
		"127.0.0.1:8080": true, "127.9.9.9:80": true, "[::1]:8080": true, "localhost:8080": true, "LOCALHOST.:8080": true, "[::ffff:127.0.0.1]:80": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "10.0.0.1:8080": false, "shop.example:8080": false, "localhost.example:80": false,
		"127.0.0.1": false, "": false,
	} {
		if err := CheckAddr(addr, nil); (err == nil) != loopback {
			t.Errorf("%q without tokens: %v", addr, err)
		}
		if err := CheckAddr(addr, []string{token}); err != nil {
			t.Errorf("%q with a token: %v", addr, err)
		}
	}
}

func TestNewRefusesAnOpenAPIAndBadTokens(t *testing.T) {
	t.Parallel()
	parts := Parts{Queue: &fakeQueue{}, Ready: func(context.Context) error { return nil }}
	for name, c := range map[string]struct {
		cfg   Config
		parts Parts
	}{
		"no tokens":      {Config{}, parts},
		"an empty token": {Config{Tokens: []string{"good", ""}}, parts},
		"a space inside": {Config{Tokens: []string{"secret word"}}, parts},
		"no queue":       {Config{Loopback: true}, Parts{Ready: parts.Ready}},
		"no ready":       {Config{Loopback: true}, Parts{Queue: parts.Queue}},
	} {
		_, err := New(c.cfg, c.parts)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the token: %v", name, err)
		}
	}
}
