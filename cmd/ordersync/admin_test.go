package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

const operatorsPassword = "correct horse battery"

// alice is admin.users with one operator.
func alice(t *testing.T) string {
	t.Helper()
	var hash bytes.Buffer
	p := &process{in: strings.NewReader(operatorsPassword + "\n"), out: &hash, errOut: io.Discard}
	if code := p.run(t.Context(), []string{"admin-hash"}); code != exitDone {
		t.Fatalf("admin-hash ended with %d", code)
	}
	return "alice=operator:" + strings.TrimSpace(hash.String())
}

// withPrivatePort are the secrets' variables with a private port and its operator.
func withPrivatePort(t *testing.T, more ...string) []string {
	t.Helper()
	environ := append([]string{"ORDERSYNC_ADMIN__USERS=" + alice(t)}, secrets[:len(secrets)-1]...)
	return append(append(environ, "ORDERSYNC_ADMIN__ADDR=127.0.0.1:0"), more...)
}

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// change sends a form, as an operator's button does.
func change(t *testing.T, client *http.Client, method, url, form string) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestTheGatewaysPrivatePortHasPagesForThoseWhoSignIn(t *testing.T) {
	options := shop(t)
	if code, _, errOut := command(t, secrets, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	addr, stop := listening(t, "admin", withPrivatePort(t, "ORDERSYNC_GATEWAY__ADDR=127.0.0.1:0"), options, "gateway")
	base := "http://" + addr
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	if status, _ := get(t, client, base+"/asynqmon/api/queues"); status != http.StatusUnauthorized {
		t.Errorf("without a sign-in: %d", status)
	}
	for _, open := range []string{"/healthz", "/readyz", "/metrics"} {
		if status, body := get(t, client, base+open); status != http.StatusOK {
			t.Errorf("%s: %d %s", open, status, body)
		}
	}
	form := url.Values{"name": {"alice"}, "password": {operatorsPassword}}.Encode()
	signedIn := change(t, client, http.MethodPost, base+"/login", form)
	for _, page := range []string{"/asynqmon/api/queues", "/debug/pprof/heap"} {
		if status, body := get(t, client, base+page); status != http.StatusOK {
			t.Errorf("after the sign-in (%d), %s: %d %s", signedIn, page, status, body)
		}
	}
	if code := stop(); code != exitDone {
		t.Errorf("ended with %d after its signal, want 0", code)
	}
}

func TestWorkersAndSchedulersServeProbesAndProfilesOnly(t *testing.T) {
	metrics := map[string][]string{
		"worker":    {`ordersync_breaker_state{state="closed"} 1`, "ordersync_token_age_seconds ", `ordersync_pushes_total{kind="none",outcome="pushed"} 0`, "ordersync_build_info{"},
		"scheduler": {"ordersync_orders_unsynced ", `ordersync_queue_tasks{queue="push",state="archived"} 0`, `ordersync_job_runs_total{job="queue doctor",`, "ordersync_inbox_entries 0"},
	}
	for _, name := range []string{"worker", "scheduler"} {
		t.Run(name, func(t *testing.T) {
			options := shop(t)
			if code, _, errOut := command(t, secrets, options, "migrate"); code != exitDone {
				t.Fatal(errOut)
			}
			addr, stop := listening(t, "admin", withPrivatePort(t), options, name)
			for path, want := range map[string]int{
				"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/metrics": http.StatusOK, "/login": http.StatusOK, "/asynqmon/": http.StatusNotFound, "/": http.StatusNotFound,
				"/debug/pprof/heap": http.StatusUnauthorized, "/debug/pprof/cmdline": http.StatusNotFound,
			} {
				if status, body := get(t, http.DefaultClient, "http://"+addr+path); status != want {
					t.Errorf("%s: %d %s, want %d", path, status, body, want)
				}
			}
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			operator := &http.Client{Jar: jar}
			change(t, operator, http.MethodPost, "http://"+addr+"/login", url.Values{"name": {"alice"}, "password": {operatorsPassword}}.Encode())
			if status, _ := get(t, operator, "http://"+addr+"/debug/pprof/heap"); status != http.StatusOK {
				t.Errorf("an operator's heap profile: %d", status)
			}
			body, missing := scrapeUntil(t, "http://"+addr+"/metrics", metrics[name])
			for _, want := range missing {
				t.Errorf("no %s in the metrics", want)
			}
			if strings.Contains(body, canary) {
				t.Error("a secret in the metrics")
			}
			if code := stop(); code != exitDone {
				t.Errorf("ended with %d after its signal, want 0", code)
			}
		})
	}
}

// scrapeUntil scrapes until everything wanted is there: the port is bound before the process's parts are built.
func scrapeUntil(t *testing.T, url string, wanted []string) (body string, missing []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		_, body = get(t, http.DefaultClient, url)
		missing = nil
		for _, want := range wanted {
			if !strings.Contains(body, want) {
				missing = append(missing, want)
			}
		}
		select {
		case <-again.C:
			if len(missing) > 0 {
				continue
			}
		case <-ctx.Done():
		}
		return body, missing
	}
}

func TestAPrivatePortThatIsTakenIsNamedByItsKey(t *testing.T) {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	environ := append(secrets[:len(secrets)-1:len(secrets)-1], "ORDERSYNC_ADMIN__ADDR="+ln.Addr().String())
	code, _, errOut := command(t, environ, shop(t), "worker", "--log-level", "error")
	want := "ordersync: port: admin.addr " + ln.Addr().String() + " is taken by another program. Cure: end that program, or give admin.addr another port\n"
	if code != exitUsage || errOut != want {
		t.Errorf("code %d, stderr %q; want code 2, %q", code, errOut, want)
	}
}
