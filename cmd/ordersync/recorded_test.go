package main

import (
	"fmt"
	"strings"
	"testing"
)

// What was recorded in English is said in the reader's language by each command that prints it, and
// stays as it is in JSON, which programs read.
func TestTheCommandsSayWhatWasRecordedInTheReadersLanguage(t *testing.T) {
	environ, options, db := failedShop(t)
	const at = "'2026-03-01 09:00:00'"
	for _, q := range []string{
		"INSERT INTO ordersync_payment (out_order_no, order_id, total_fen, paid_at, created_at, alarm, message) VALUES ('SN7', '7', 7, " + at + ", " + at + ", 'amount', '')",
		"INSERT INTO ordersync_settlement (out_settle_no, order_id, out_order_no, fingerprint, state, created_at, updated_at) VALUES ('S7', '7', 'SN7', '', 'failed', " + at + ", " + at + ")",
		"INSERT INTO ordersync_log (at, call_name, order_id, outcome) VALUES (" + at + ", 'order.push', '7', 'refused')",
		"INSERT INTO ordersync_outbox_bad (id, kind, order_id, reason, alarm, created_at) VALUES (1, 'refund', '7', '', 'put_aside', " + at + ")",
		"UPDATE ordersync_callback SET alarm = 'undelivered'",
	} {
		if err := db.Exec(q).Error; err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	english := func(table string) string { return "Douyin has settled the order by itself: " + table }
	said := func(table string) string { return "抖音已自动为该订单分账：" + table }
	columns := map[string]string{"order": "message", "log": "message", "refund": "message", "settlement": "message", "payment": "message", "callback": "forward_message", "outbox_bad": "reason"}
	for table, column := range columns {
		if err := db.Exec(fmt.Sprintf("UPDATE ordersync_%s SET %s = ?", table, column), english(table)).Error; err != nil {
			t.Fatal(err)
		}
	}
	for args, tables := range map[string][]string{
		"failures": {"order"}, "refunds": {"refund"}, "callbacks": {"callback"}, "status 7": {"order", "log", "refund", "settlement", "payment", "outbox_bad"},
	} {
		_, zh, _ := command(t, chinese(environ), options, strings.Fields(args)...)
		_, en, _ := command(t, environ, options, strings.Fields(args)...)
		_, machine, _ := command(t, chinese(environ), options, strings.Fields(args+" --json")...)
		for _, table := range tables {
			if !strings.Contains(zh, said(table)) || strings.Contains(zh, english(table)) {
				t.Errorf("%s in Chinese does not say %s:\n%s", args, said(table), zh)
			}
			for what, out := range map[string]string{"in English": en, "--json": machine} {
				if !strings.Contains(out, english(table)) || strings.Contains(out, said(table)) {
					t.Errorf("%s %s does not say %s:\n%s", args, what, english(table), out)
				}
			}
		}
	}
}
