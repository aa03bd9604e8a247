package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The keys of trade come from files, and the platform's public part can be asked for.
func TestSimulatorTakesTheKeysOfTrade(t *testing.T) {
	appKey := filepath.Join("..", "..", "douyin", "simulator", "testdata", "trade_key_pub.pem")
	want, err := os.ReadFile(appKey)
	if err != nil {
		t.Fatal(err)
	}
	addr, stop := background(t, nil, nil, "simulator", "--addr", "127.0.0.1:0", "--trade-app-key", appKey, "--trade-key-version", "1", "--redelivery-scale", "0.001")
	defer stop()
	get := func(path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: HTTP %d: %v", path, resp.StatusCode, err)
		}
		return string(body)
	}
	if key := get("/_sim/trade/platform_key"); !strings.HasPrefix(key, "-----BEGIN PUBLIC KEY-----") || key == string(want) {
		t.Errorf("platform_key %s", key)
	}
	if got := strings.TrimSpace(get("/_sim/trade/ledger")); got != `{"orders":[],"refunds":[],"settlements":[],"movements":[],"violations":[]}` {
		t.Errorf("ledger %s", got)
	}
}

func TestTradeFlagsReadTheKeyAndItsVersion(t *testing.T) {
	f := tradeFlags{appKey: filepath.Join("..", "..", "douyin", "simulator", "testdata", "trade_key_pub.pem"), keyVersion: "3", autoSettle: true}
	c, err := f.config()
	if err != nil || c.AppKey == nil || c.KeyVersion != "3" || !c.AutoSettle || c.PlatformKey != nil {
		t.Errorf("config %+v: %v", c, err)
	}
}

func TestASimulatorThatStartsAgainMakesOtherNumbers(t *testing.T) {
	first := time.Date(2026, 11, 30, 6, 5, 0, 0, time.UTC)
	if got := numbersAfter(first); got != 96_018_700_000 {
		t.Errorf("counted from %d", got)
	}
	if a, b := numbersAfter(first), numbersAfter(first.Add(time.Second)); b-a != 1000 {
		t.Errorf("counted from %d, a second later from %d", a, b)
	}
}
