package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// The port that a proxy shows to the internet, of a whole process: the callback and /healthz, and nothing of the API, the metrics or the
// pages. The API of the same process, on loopback and without tokens, is refused, because Douyin calls back.
func TestTheCallbackPortShowsNothingElse(t *testing.T) {
	environ := []string{
		"ORDERSYNC_MYSQL__DSN=u:" + canary + "@tcp(127.0.0.1:1)/shop", "ORDERSYNC_REDIS__URI=redis://127.0.0.1:1",
		"ORDERSYNC_DOUYIN__CALLBACK_TOKEN=" + canary, "ORDERSYNC_LOG__FORMAT=json", "ORDERSYNC_ADMIN__ADDR=",
		"ORDERSYNC_GATEWAY__ADDR=127.0.0.1:0", "ORDERSYNC_GATEWAY__CALLBACK_ADDR=127.0.0.1:0",
	}
	for _, process := range []string{"gateway", "run"} {
		options := shop(t)
		with := append([]string{"ORDERSYNC_DOUYIN__APP_ID=tt1", "ORDERSYNC_DOUYIN__SECRET=" + canary}, environ...)
		addr, stop := listening(t, "callbacks", with, options, process)
		for path, want := range map[string]int{
			"GET /healthz": 200, "POST /callbacks/douyin": 403, "GET /callbacks/douyin": 405,
			"POST /v1/orders/1/refunds": 404, "GET /v1/orders/1": 404, "GET /readyz": 404, "GET /metrics": 404, "GET /openapi.yaml": 404, "GET /": 404,
			"GET /debug/pprof/heap": 404,
		} {
			if got := asked(t, addr, path); got != want {
				t.Errorf("%s: %s answers %d, want %d", process, path, got, want)
			}
		}
		if code := stop(); code != exitDone {
			t.Errorf("%s ended with %d after its signal, want 0", process, code)
		}
		addr, stop = listening(t, "gateway", with, options, process)
		for path, want := range map[string]int{"GET /healthz": 200, "POST /callbacks/douyin": 403, "POST /v1/orders/1/refunds": 403, "GET /v1/orders/1": 403, "GET /debug/pprof/": 404, "GET /debug/pprof/heap": 404} {
			if got := asked(t, addr, path); got != want {
				t.Errorf("%s: on gateway.addr %s answers %d, want %d", process, path, got, want)
			}
		}
		stop()
	}
}

// asked is the status that "METHOD /path" is answered with.
func asked(t *testing.T, addr, what string) int {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
