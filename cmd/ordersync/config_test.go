package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigSaysWhatCountsAndWhereItComesFrom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ordersync.yaml")
	const text = "mysql: {dsn: 'user:" + canary + "@tcp(db)/shop'}\nscheduler: {lookback: 48h}\nshop: {status: {'1': paid}, filter: {channel: [douyin, null]}}\n" +
		"callbacks: {forward_url: 'https://u:" + canary + "@shop.example.com/cb'}\nlog: {keep: 90d}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{
		"ORDERSYNC_GATEWAY__TOKENS=" + canary, "ORDERSYNC_SHOP__STATUS__2=unpaid", "ORDERSYNC_REDIS__URI=redis://:" + canary + "@r/0",
		"ORDERSYNC_TRACE__HEADERS=x-key=" + canary, "ORDERSYNC_WORKER__CONCURRENCY=7", "ORDERSYNC_URL=http://127.0.0.1",
	}
	code, out, errOut := command(t, environ, nil, "config", "--changed", "--config", file)
	want := strings.ReplaceAll(`mysql.dsn              [secret]                                FILE
redis.uri              [secret]                                ORDERSYNC_REDIS__URI
shop.status            {"1":"paid","2":"unpaid"}               FILE, ORDERSYNC_SHOP__STATUS__2
shop.filter            {"channel":["douyin",null]}             FILE
worker.concurrency     7                                       ORDERSYNC_WORKER__CONCURRENCY
scheduler.lookback     2d                                      FILE
callbacks.forward_url  https://u:xxxxx@shop.example.com/cb     FILE
gateway.tokens         ["[secret]"]                            ORDERSYNC_GATEWAY__TOKENS
log.keep               90d                                     FILE
trace.headers          {"x-key":"[secret]"}                    ORDERSYNC_TRACE__HEADERS
`, "FILE", file)
	if code != exitDone || errOut != "" || strings.Join(strings.Fields(out), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("code %d, %q\n%s\nwant\n%s", code, errOut, out, want)
	}
	var all []struct {
		Key, From string
		Value     any
	}
	_, out, _ = command(t, environ, nil, "config", "--json", "--config", file)
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) < 60 {
		t.Fatalf("%d keys, %v", len(all), err)
	}
	for _, e := range all {
		if e.Key == "douyin.base_url" && (e.Value != "https://developer.toutiao.com" || e.From != "default") {
			t.Errorf("%+v", e)
		}
	}
}
