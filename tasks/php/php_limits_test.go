package php_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

// unheard is a row that a shop may try to write, and the field for which it must not be written;
// empty: it is written.
type unheard struct {
	Kind    string         `json:"kind"`
	OrderID string         `json:"order_id"`
	Payload map[string]any `json:"payload"`
	refused string
}

// TestTheOutboxRefusesWhatWouldBePutAside: whoever writes a row hears no answer, so PHP refuses what
// Go would put aside later, and nothing else.
func TestTheOutboxRefusesWhatWouldBePutAside(t *testing.T) {
	t.Parallel()
	path, ok := servertest.PHP(t, "json")
	if !ok {
		return
	}
	long := func(n int, s string) string { return strings.Repeat(s, n) }
	refund := func(field string, value any) map[string]any {
		p := map[string]any{"out_refund_no": "R_1-*", "amount_fen": 1, "reason": "不想要了"}
		p[field] = value
		return p
	}
	settle := func(field string, value any) map[string]any {
		p := map[string]any{"out_settle_no": "S1", "desc": "订单分账"}
		p[field] = value
		return p
	}
	receivers := func(n int, fen int64) []map[string]any {
		var all []map[string]any
		for range n {
			all = append(all, map[string]any{"merchant_uid": "70", "amount_fen": fen})
		}
		return all
	}
	cases := []unheard{
		{"push", "1001", nil, ""}, {"push", "订单-1", map[string]any{"cause": "paid", "revision": "r1"}, ""}, {"push", long(64, "x"), nil, ""},
		{"push", long(65, "x"), nil, "order_id"}, {"push", "a/b", nil, "order_id"}, {"push", "a b", nil, "order_id"}, {"push", "a:b", nil, "order_id"},
		{"push", "a\u3000b", nil, "order_id"}, {"push", "a\u00a0", nil, "order_id"}, {"push", "a\x7f", nil, "order_id"}, {"push", "a\u0085", nil, "order_id"},
		{"push", "1", map[string]any{"cause": "payd"}, "cause"}, {"push", "1", map[string]any{"cause": ""}, ""},
		{"push", "1", map[string]any{"revision": "a b"}, "revision"}, {"push", "1", map[string]any{"revision": long(65, "x")}, "revision"},
		{"refund", "1", refund("amount_fen", 1), ""}, {"refund", "1", refund("amount_fen", 10_000_000_000), ""},
		{"refund", "1", refund("amount_fen", 0), "amount_fen"}, {"refund", "1", refund("amount_fen", -5), "amount_fen"},
		{"refund", "1", refund("amount_fen", 10_000_000_001), "amount_fen"}, {"refund", "a b", refund("reason", "r"), "order_id"},
		{"refund", "1", refund("out_refund_no", long(64, "R")), ""}, {"refund", "1", refund("out_refund_no", long(65, "R")), "out_refund_no"},
		{"refund", "1", refund("out_refund_no", "退1"), "out_refund_no"}, {"refund", "1", refund("out_refund_no", "R1\n"), "out_refund_no"},
		{"refund", "1", refund("reason", "  "), "reason"}, {"refund", "1", refund("reason", long(33, "退")), ""},
		{"refund", "1", refund("reason", long(34, "退")), "reason"}, {"refund", "1", refund("cp_extra", long(2049, "x")), "cp_extra"},
		{"refund", "1", refund("msg_page", long(1025, "x")), "msg_page"}, {"refund", "1", refund("reason_code", 101), ""},
		{"refund", "1", refund("reason_code", 7), "reason_code"}, {"refund", "1", refund("notify_url", "https://shop.example.com:443/a?b#c"), ""},
		{"refund", "1", refund("notify_url", "http://shop.example.com/"), "notify_url"},
		{"refund", "1", refund("notify_url", "https://shop.example.com:8443/"), "notify_url"},
		{"refund", "1", refund("notify_url", "https://a:b@shop.example.com/"), "notify_url"},
		{"refund", "1", refund("notify_url", "https://"), "notify_url"}, {"refund", "1", refund("notify_url", "https://a.b/"+long(256, "x")), "notify_url"},
		{"settle", "1", settle("desc", long(80, "账")), ""}, {"settle", "1", settle("desc", long(81, "账")), "desc"}, {"settle", "1", settle("desc", " "), "desc"},
		{"settle", "1", settle("out_settle_no", "S 1"), "out_settle_no"}, {"settle", "1", settle("params", receivers(4, 1)), ""},
		{"settle", "1", settle("params", receivers(5, 1)), "params"}, {"settle", "1", settle("params", receivers(1, 0)), "params[0].amount_fen"},
		{"settle", "1", settle("params", receivers(2, 6_000_000_000)), "params"},
		{"settle", "1", settle("params", []map[string]any{{"merchant_uid": " ", "amount_fen": 1}}), "params[0].merchant_uid"},
		{"settle", "1", settle("params", []map[string]any{{"merchant_uid": long(33, "7"), "amount_fen": 1}}), "params[0].merchant_uid"},
		{"audit", "1", map[string]any{"out_refund_no": "DY1", "agree": true}, ""},
		{"audit", "1", map[string]any{"out_refund_no": "DY 1", "agree": true}, "out_refund_no"},
		{"audit", "a/b", map[string]any{"out_refund_no": "DY1", "agree": true}, "order_id"},
		{"audit", "1", map[string]any{"out_refund_no": "DY1", "agree": false, "deny_message": long(513, "x")}, "deny_message"},
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "tests/limits.php") //nolint:gosec // php, found on the PATH
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var refused []string // the field of each case; empty: a row was written
	if err := json.Unmarshal(out, &refused); err != nil || len(refused) != len(cases) {
		t.Fatalf("%d answers, %v:\n%s", len(refused), err, out)
	}
	for i, c := range cases {
		payload, err := json.Marshal(c.Payload)
		if err != nil {
			t.Fatal(err)
		}
		if c.Payload == nil {
			payload = nil
		}
		_, aside := tasks.FromOutbox(c.Kind, c.OrderID, payload, tasks.RowName(1, time.Unix(0, 0)))
		if (aside != nil) != (c.refused != "") {
			t.Errorf("%s %s %.100s: the relay says %v", c.Kind, c.OrderID, payload, aside)
		}
		if refused[i] != c.refused {
			t.Errorf("%s %s %.100s: PHP refuses %q, want %q", c.Kind, c.OrderID, payload, refused[i], c.refused)
		}
	}
}
