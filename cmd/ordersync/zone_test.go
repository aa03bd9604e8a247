package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// anyTime is a time as RFC 3339 has it, or what somebody might print in its place.
var anyTime = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d\d:?\d\d|Z)?`)

// inNewYork has at most milliseconds. All times of the test are of winter.
var inNewYork = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?-05:00$`)

// admin.time_zone is the operator's zone, and not of the pages alone: whoever compares a page, a
// command and an answer of the API reads the same moment.
func TestTheOperatorsZoneHoldsForCommandsAndTheAPI(t *testing.T) {
	environ, options, db := failedShop(t)
	environ = append(environ,
		"ORDERSYNC_MYSQL__DSN=user:"+canary+"@tcp(127.0.0.1:1)/shop?loc=Asia%2FShanghai", "ORDERSYNC_ADMIN__TIME_ZONE=America/New_York")
	for _, q := range []string{
		"UPDATE ordersync_refund SET `system` = 'trade', origin = 'user', audit = 'needed', audit_deadline = '2199-01-01 00:00:00.123'",
		"UPDATE ordersync_order SET due_at = '2026-03-01 11:00:00', pushed_at = '2026-03-01 05:00:00'",
		"INSERT INTO ordersync_log (at, call_name, order_id, outcome) VALUES ('2026-03-01 08:00:00.456', 'order.push', '7', 'pushed')",
		"INSERT INTO ordersync_payment (out_order_no, order_id, total_fen, paid_at, created_at) VALUES ('SN7', '7', 7, '2026-03-01 07:00:00', '2026-03-01 07:00:00')",
		"INSERT INTO ordersync_payment (out_order_no, order_id, total_fen, paid_at, created_at) VALUES ('404', '', 7, '2026-03-01 07:00:00', '2026-03-01 07:00:00')",
		"INSERT INTO ordersync_outbox_bad (id, kind, order_id, payload, reason, created_at, alarm) VALUES (1, 'refund', '7', '{}', 'x', '2026-03-01 07:00:00', 'put_aside')",
		"INSERT INTO ordersync_refund (out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, kind, code, due_at, created_at, updated_at) VALUES " +
			"('R8', '8', '8', 3, '', 'new', 'unauthorized', 28001007, '2026-03-01 10:00:00', '2026-03-01 09:00:00', '2026-03-01 09:00:00')",
	} {
		if err := db.Exec(q).Error; err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	said := map[string]string{}
	for args, least := range map[string]int{
		"status 7": 6, "status 7 --json": 8, "status 404": 1, "status 404 --json": 1, "status": 2, "status --json": 3, "failures": 4, "failures --json": 4,
		"refunds": 4, "refunds --json": 4, "callbacks": 1, "callbacks --json": 1, "audit": 1, "audit --json": 3, "migrate --status": 14, "preview 7": 0, "doctor": 0,
	} {
		code, out, errOut := command(t, environ, options, strings.Fields(args)...)
		said[args] = out
		found := anyTime.FindAllString(out, -1)
		if len(found) < least {
			t.Errorf("%s: code %d, %d times, want %d at least:\n%s%s", args, code, len(found), least, out, errOut)
		}
		for _, at := range found {
			if !inNewYork.MatchString(at) && !strings.HasPrefix(args, "preview") && !strings.HasPrefix(args, "doctor") {
				t.Errorf("%s: %s in\n%s", args, at, out)
			}
		}
	}
	if !strings.Contains(said["doctor"], "1 refunds wait, the oldest since 2026-03-01T04:00:00-05:00") {
		t.Errorf("doctor:\n%s", said["doctor"])
	}
	if !strings.Contains(said["preview 7"], "2023-11-14 17:13:20 -05:00 EST (1700000000000)") {
		t.Errorf("preview:\n%s", said["preview 7"])
	}

	cfg, err := configs.Load("", environ, assembly.Ladder, assembly.ShopTexts, assembly.TradeKeys)
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := assembly.New(cfg, zerolog.Nop(), options...).Gateway()
	if err != nil {
		t.Fatal(err)
	}
	for path, args := range map[string]string{"/v1/orders/7": "status 7 --json", "/v1/refunds?audit=needed": "audit --json", "/v1/refunds/R7": ""} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+canary)
		w := httptest.NewRecorder()
		gateway.ServeHTTP(w, r)
		body, err := io.ReadAll(w.Body)
		if err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d, %v, %s", path, w.Code, err, body)
		}
		for _, at := range anyTime.FindAllString(string(body), -1) {
			if !inNewYork.MatchString(at) {
				t.Errorf("%s: %s in\n%s", path, at, body)
			}
		}
		var answer, printed any
		if args != "" && (json.Unmarshal(body, &answer) != nil || json.Unmarshal([]byte(said[args]), &printed) != nil || !reflect.DeepEqual(answer, printed)) {
			t.Errorf("%s is\n%s\nand %s\n%s", path, body, args, said[args])
		}
	}
}
