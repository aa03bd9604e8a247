package doctor_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ordersync/ordersync/cmd/internal/doctor"
)

func TestPortsTellWhoHasThem(t *testing.T) {
	t.Parallel()
	serve := func(answer string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	gateway, private, other := serve(`{"status":"ok"}`), serve("ok\n"), serve("<html>ok</html>")
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = free.Close()
	got := doctor.Ports(t.Context(), doctor.Port{Key: "gateway.addr", Addr: gateway}, doctor.Port{Key: "admin.addr", Addr: private},
		doctor.Port{Key: "gateway.addr", Addr: other}, doctor.Port{Key: "gateway.callback_addr"}, doctor.Port{Key: "gateway.addr", Addr: free.Addr().String()})
	want := []string{
		"warn  port: gateway.addr " + gateway + " is served by an ordersync that runs already. Cure: nothing where that is the one that is meant; a second process on this machine needs an address of its own",
		"warn  port: admin.addr " + private + " is served by an ordersync that runs already. Cure: nothing where that is the one that is meant; a second process on this machine needs an address of its own",
		"FAIL  port: gateway.addr " + other + " is taken by another program. Cure: end that program, or give gateway.addr another port",
		"ok    port: gateway.addr " + free.Addr().String() + " is free",
	}
	if len(got) != len(want) {
		t.Fatalf("%d results, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i].String() != want[i] {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

// Scripts read these names.
func TestAResultAsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal([]doctor.Result{
		{Check: "redis", Found: "version 7.0.15"}, {Level: doctor.Warning, Check: "port", Found: "taken\n twice", Cure: "wait"},
		{Level: doctor.Failure, Check: "mysql", Found: "away", Cure: "start it", Waits: true},
	})
	const want = `[{"check":"redis","status":"ok","detail":"version 7.0.15","cure":""},{"check":"port","status":"warn","detail":"taken twice","cure":"wait"},` +
		`{"check":"mysql","status":"fail","detail":"away","cure":"start it"}]`
	if err != nil || string(text) != want {
		t.Errorf("got  %s %v\nwant %s", text, err, want)
	}
}
