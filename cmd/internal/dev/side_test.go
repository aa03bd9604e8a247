package dev

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin/simulator"
)

// What a page of another site sends to Douyin's side is refused, also where that site has given its own
// name the address of this machine.
func TestAnotherSitesPageDoesNothingAtDouyinsSide(t *testing.T) {
	for _, c := range []struct {
		addr, host string
		header     http.Header
		refused    bool
	}{
		{"127.0.0.1:8080", "127.0.0.1:8082", http.Header{}, false},
		{"127.0.0.1:8080", "127.0.0.1:8082", http.Header{"Origin": {"http://127.0.0.1:8082"}}, false},
		{"127.0.0.1:8080", "localhost:8082", http.Header{"Origin": {"http://localhost:8082"}}, false},
		{"127.0.0.1:8080", "LocalHost.:9000", http.Header{}, false}, // a port that was brought over
		{"127.0.0.1:8080", "shop.localhost:8082", http.Header{}, false},
		{"127.0.0.1:8080", "[::1]:8082", http.Header{}, false},
		{"dev.example.com:8080", "Dev.Example.com:8082", http.Header{}, false},
		{"0.0.0.0:8080", "192.0.2.7:8082", http.Header{}, false},
		{":8080", "[2001:db8::7]:8082", http.Header{}, false},
		{"127.0.0.1:8080", "127.0.0.1:8082", http.Header{"Sec-Fetch-Site": {"cross-site"}}, true},
		{"127.0.0.1:8080", "127.0.0.1:8082", http.Header{"Origin": {"http://evil.example"}}, true},
		{"127.0.0.1:8080", "127.0.0.1:8082", http.Header{"Origin": {"http://127.0.0.1:8081"}}, true},
		{"127.0.0.1:8080", "evil.example:8082", http.Header{}, true},
		{"127.0.0.1:8080", "evil.example:8082", http.Header{"Origin": {"http://evil.example:8082"}, "Sec-Fetch-Site": {"same-origin"}}, true},
		{"127.0.0.1:8080", "127.0.0.1.evil.example", http.Header{}, true},
		{"127.0.0.1:8080", "localhost.evil.example:8082", http.Header{}, true},
		{"127.0.0.1:8080", "evillocalhost", http.Header{}, true},
		{"127.0.0.1:8080", "", http.Header{}, true},
		{"0.0.0.0:8080", "evil.example", http.Header{}, true},
		{":8080", ".", http.Header{}, true},
	} {
		at, err := portsOf(c.addr)
		if err != nil {
			t.Fatal(err)
		}
		d := &deployment{at: at, douyin: simulator.New(simulator.Config{})}
		for path, form := range map[string]string{"/do": "act=hold", "/_sim/reset": "", "/_sim/faults": "off"} {
			if err := d.douyin.SetFaults(simulator.Plan{Profile: "storm"}); err != nil {
				t.Fatal(err)
			}
			d.held.Store(false)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1"+path, strings.NewReader(form))
			r.Host, r.Header = c.host, c.header.Clone()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			d.douyinSide().ServeHTTP(w, r)
			did := d.held.Load() || d.douyin.Faults().Profile == "off" || path == "/_sim/reset" && w.Code == http.StatusOK
			if (w.Code == http.StatusForbidden) != c.refused || did == c.refused {
				t.Errorf("%s at %q of %s with %v: HTTP %d, done: %v", path, c.host, c.addr, c.header, w.Code, did)
			}
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/_sim/ledger", nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		if d.douyinSide().ServeHTTP(w, r); len(c.header) == 0 && (w.Code == http.StatusForbidden) != c.refused {
			t.Errorf("reading at %q of %s: HTTP %d", c.host, c.addr, w.Code)
		}
		_ = d.douyin.Close()
	}
}

// The operators' pages and the page of Douyin's side show times in this machine's zone, and say it.
func TestTimesAreInThisMachinesZone(t *testing.T) {
	at := time.Date(2026, 11, 30, 23, 59, 58, 0, time.UTC)
	if got, want := (side{}).Stamp(at), at.In(time.Local).Format("2006-01-02 15:04:05 -07:00"); got != want { //nolint:gosmopolitan // of whoever tries it out
		t.Errorf("Douyin's side: %q, want %q", got, want)
	}
	f := folder(t.TempDir())
	entries, err := f.entries()
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{entries: entries, douyin: simulator.New(simulator.Config{})}
	defer d.douyin.Close() //nolint:errcheck // it has done nothing
	cfg, err := d.config("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if zone, err := time.LoadLocation(cfg.Admin.TimeZone); err != nil || zone != time.Local { //nolint:gosmopolitan // the same
		t.Errorf("operators' pages: %v, %v", zone, err)
	}
}
