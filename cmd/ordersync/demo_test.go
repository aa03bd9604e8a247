//go:build !slim

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// servedDemo is what `demo --serve` prints for whoever wants to look.
type servedDemo struct{ pages, name, password, ledger, order string }

var servedLines = map[*regexp.Regexp]func(*servedDemo, []string){
	regexp.MustCompile(`operators' pages +(http://\S+) +sign in as "(\w+)" with the password "(\w+)"`): func(d *servedDemo, m []string) {
		d.pages, d.name, d.password = m[1], m[2], m[3]
	},
	regexp.MustCompile(`Douyin's ledger +(http://\S+)/_sim/ledger`):   func(d *servedDemo, m []string) { d.ledger = m[1] },
	regexp.MustCompile(`(http://\S+/orders/\d+), press "Push again"`): func(d *servedDemo, m []string) { d.order = m[1] },
}

// serveDemo runs `ordersync demo --serve` until stop is called, and reads what it prints.
func serveDemo(t *testing.T) (found servedDemo, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	printed, out := io.Pipe()
	p := &process{in: strings.NewReader(""), out: out, errOut: io.Discard}
	code := make(chan int, 1)
	go func() {
		code <- p.run(ctx, []string{"demo", "--orders", "24", "--faults", "off", "--serve"})
		_ = out.Close()
	}()
	complete := make(chan servedDemo, 1)
	go func() { // until the end: a demo whose words nobody reads would wait for a reader
		var d servedDemo
		for lines := bufio.NewScanner(printed); lines.Scan(); {
			for pattern, take := range servedLines {
				if m := pattern.FindStringSubmatch(lines.Text()); m != nil {
					take(&d, m)
				}
			}
			if d.pages != "" && d.ledger != "" && d.order != "" {
				complete <- d
				d = servedDemo{}
			}
		}
	}()
	stop = func() int {
		cancel()
		return <-code
	}
	select {
	case found = <-complete:
	case c := <-code:
		cancel()
		t.Fatalf("demo --serve ended with %d before it had said where to look", c)
	}
	return found, stop
}

// Issue 4: from one command to a login page, a failed order with its reason in Douyin's words, and its re-push.
func TestADemoThatStaysShowsAFailedOrderAndPushesItAgain(t *testing.T) {
	t.Parallel()
	demo, stop := serveDemo(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	const words = "open_id错误，请检查是否在抖音、抖音lite、火山内产生"

	if _, page, _ := browse(t, browser, http.MethodGet, demo.order, nil); !strings.Contains(page, `name="password"`) || strings.Contains(page, words) {
		t.Fatalf("without a sign-in the order's page is no login page:\n%s", page)
	}
	form := url.Values{"name": {demo.name}, "password": {demo.password}, "next": {strings.TrimPrefix(demo.order, demo.pages)}}
	if _, page, at := browse(t, browser, http.MethodPost, demo.pages+"/login", form); at != demo.order ||
		!strings.Contains(page, words) || !strings.Contains(page, "Douyin does not take the buyer") || !strings.Contains(page, "Push again") {
		t.Fatalf("the sign-in leads to %s, which lacks the order's reason or its button:\n%s", at, page)
	}
	for _, path := range []string{"/", "/failures?kind=rejected&code=40012", "/load", "/asynqmon/", "/asynqmon/api/queues"} {
		if status, page, _ := browse(t, browser, http.MethodGet, demo.pages+path, nil); status != http.StatusOK {
			t.Errorf("%s: HTTP %d\n%s", path, status, page)
		}
	}

	browse(t, browser, http.MethodPost, demo.order+"/push", url.Values{})
	awaitOnPage(t, browser, demo.order, `class="badge pushed"`)
	if _, at, _ := browse(t, http.DefaultClient, http.MethodGet, demo.ledger+"/_sim"+strings.TrimPrefix(demo.order, demo.pages), nil); !strings.Contains(at, `"status":"已支付"`) {
		t.Errorf("after the push Douyin holds %s", at)
	}
	if code := stop(); code != exitDone {
		t.Errorf("ended with %d after its signal, want 0", code)
	}
}

// browse asks for a page, or sends a form, as a browser does; at is where redirects led.
func browse(t *testing.T, browser *http.Client, method, address string, form url.Values) (status int, page, at string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body), answer.Request.URL.String()
}

// awaitOnPage loads a page again and again until it has something.
func awaitOnPage(t *testing.T, browser *http.Client, address, wanted string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		_, page, _ := browse(t, browser, http.MethodGet, address, nil)
		if strings.Contains(page, wanted) {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("%s has no %s:\n%s", address, wanted, page)
		}
	}
}
