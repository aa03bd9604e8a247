package pages_test

import (
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"
)

// sizes are how many rows the tables have for n orders of the shop. A hundredth of the orders has
// failed, as many wait.
func sizes(n int) []tableRows {
	return []tableRows{
		{"order", n / 50, "id, uid, product_id, course_id, price, amount, create_time, sn, status", shopOrderRow},
		{"ordersync_order", n, "order_id, order_no, seq, started_at, update_time, status, digest, shop_status, outcome, kind, code, message, log_id, attempts," +
			" pushed_at, due_at, failed_at, untold_at, created_at, updated_at", orderRow},
		{"ordersync_log", n / 10, "at, call_name, order_id, cause, task_id, attempt, outcome, kind, code, message, log_id, http_status, duration_us, request, response", logRow},
		{"ordersync_refund", n / 40, "out_refund_no, order_id, out_order_no, amount_fen, fingerprint, state, refund_no, kind, code, message, due_at, alarm, alarm_at, ack_at, ack_by," +
			" audit, audit_deadline, created_at, updated_at", refundRow},
		{"ordersync_settlement", n / 40, "out_settle_no, order_id, out_order_no, amount_fen, fingerprint, state, settle_no, kind, code, message, due_at, alarm, alarm_at, created_at, updated_at", settlementRow},
		{"ordersync_payment", n / 20, "out_order_no, order_id, total_fen, paid_at, way, douyin_order_id, state, alarm, message, created_at", paymentRow},
		{"ordersync_callback", n / 40, "dedup_key, type, number, status, order_id, raw, alarm, note, received_at, forward_due_at, forward_message, forwarded_at", callbackRow},
		{"ordersync_payment_ask", n / 1000, "out_order_no, order_id, total_fen, valid_until, due_at, asks, alarm, alarm_at, created_at", paymentAskRow},
		{"ordersync_outbox_bad", n / 100, "id, kind, order_id, created_at, reason, alarm", badOutboxRow},
		{"ordersync_operator_log", n / 100, "at, who, act, subject, number, order_id, orders, detail, address", operatorRow},
		{"ordersync_backfill", min(n/1000, 1000), "name, run, place, found, enqueued, started_at, updated_at, finished_at", backfillRow},
		{"ordersync_job", min(n/1000, 1000), "act, filter, who, place, total, looked, done, started_at, updated_at, finished_at", jobRow},
	}
}

// tableRows are rows that one SELECT over numbers makes: i is 1, 2, … up to rows.
type tableRows struct {
	table   string
	rows    int
	columns string
	row     string // expressions over i, one for each column
}

// The rows. Order i has key 20000000000 + i; a larger i is younger, a second for each order.
const (
	orderKey = "CONCAT(20000000000 + i)"
	age      = "(@rows - i)" // seconds
	rowAt    = "(UTC_TIMESTAMP(3) - INTERVAL " + age + " SECOND)"

	shopOrderRow = "20000000000 + i, i, i, i, '12.30', '12.30', UNIX_TIMESTAMP() - " + age + ", CONCAT('SN', i), 1"

	// Every hundredth order has failed, for one of eight causes and at any time of the last month; the
	// next of each hundred waits, half of these are due.
	orderRow = orderKey + ", CONCAT('SN2026', i), 1, " + rowAt + ", 1770000000000 + i, 1, MD5(i), '1'," +
		" CASE WHEN i % 1000 = 0 THEN 'gave_up' WHEN i % 100 = 0 THEN 'refused' WHEN i % 100 = 1 THEN 'retrying' WHEN i % 100 = 2 THEN 'ignored' ELSE 'pushed' END," +
		" CASE WHEN i % 1000 = 0 THEN 'unavailable' WHEN i % 100 = 1 THEN 'unavailable' WHEN i % 100 > 0 THEN '' WHEN i DIV 100 % 7 < 4 THEN 'incomplete' ELSE 'rejected' END," +
		" CASE WHEN i % 1000 = 0 THEN 10001 WHEN i % 100 = 0 AND i DIV 100 % 7 >= 4 THEN 40010 + i DIV 100 % 7 ELSE 0 END," +
		" CASE WHEN i % 1000 = 0 THEN 'Douyin: system error, try again later' WHEN i % 100 = 1 THEN 'context deadline exceeded'" +
		" WHEN i % 100 > 0 THEN '' WHEN i DIV 100 % 7 < 4 THEN CONCAT('product.column_', i DIV 100 % 7, ' of row \"', i, '\" of order \"', 20000000000 + i, '\" is empty: what the order centre shows needs it')" +
		" ELSE CONCAT('order ', 20000000000 + i, ': item_list[0].img is not an address of a picture, log ', MD5(i)) END," +
		" CONCAT('20260301080000010', MD5(i)), CASE WHEN i % 100 < 2 THEN 3 ELSE 1 END," +
		" CASE WHEN i % 100 < 3 THEN NULL ELSE " + rowAt + " END," +
		" CASE WHEN i % 100 = 1 THEN UTC_TIMESTAMP(3) + INTERVAL (i * 7919 % 172800 - 86400) SECOND END," +
		" CASE WHEN i % 100 = 0 THEN UTC_TIMESTAMP(3) - INTERVAL (i * 7919 % 2592000) SECOND END," +
		" CASE WHEN i % 100 < 2 THEN UTC_TIMESTAMP(3) - INTERVAL (i * 7919 % 2592000 + 600) SECOND END, " + rowAt + ", " + rowAt

	// Thirty calls a second: an hour of them is more than store.CallWindow.
	logRow = "(UTC_TIMESTAMP(3) - INTERVAL 33 * " + age + " * 1000 MICROSECOND), 'order.push', " + orderKey + ", 'paid', CONCAT('push:', 20000000000 + i, ':', i), 1," +
		" CASE WHEN i % 50 = 0 THEN 'refused' WHEN i % 50 = 1 THEN 'retrying' WHEN i % 20 = 2 THEN 'submitted' ELSE 'pushed' END," +
		" CASE WHEN i % 50 = 0 THEN 'rejected' WHEN i % 50 = 1 THEN 'unavailable' ELSE '' END, CASE WHEN i % 50 = 0 THEN 40012 ELSE 0 END," +
		" CASE WHEN i % 50 = 0 THEN CONCAT('order ', i, ': item_list[0].img is not an address of a picture') ELSE '' END, CONCAT('20260301080000010', MD5(i)), 200, 40000 + i % 20000," +
		" CASE WHEN i % 50 = 0 THEN REPEAT('{\"open_id\":\"***\",\"order_detail\":\"{}\"}', 12) END, CASE WHEN i % 50 = 0 THEN '{\"err_code\":40012}' END"

	refundRow = "CONCAT('R', 20000000000 + i), " + orderKey + ", CONCAT('P', 20000000000 + i), 100 + i % 100000, SHA2(i, 256)," +
		" CASE WHEN i % 20 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'submitted' WHEN i % 100 = 2 THEN 'new' WHEN i % 1000 = 3 THEN 'sending' ELSE 'succeeded' END, CONCAT('DYR', i)," +
		" CASE WHEN i % 20 = 0 THEN 'rejected' WHEN i % 100 = 2 THEN 'unauthorized' ELSE '' END, CASE WHEN i % 20 = 0 THEN 2010 + i DIV 20 % 5 WHEN i % 100 = 2 THEN 2008 ELSE 0 END," +
		" CASE WHEN i % 20 = 0 THEN 'the balance does not suffice' ELSE '' END," +
		" CASE WHEN i % 100 IN (1, 2) THEN UTC_TIMESTAMP(3) + INTERVAL (i % 86400) SECOND END," +
		" CASE WHEN i % 40 = 0 THEN 'unknown_code' WHEN i % 50 = 1 THEN 'overdue' ELSE '' END, CASE WHEN i % 40 = 0 OR i % 50 = 1 THEN " + rowAt + " END," +
		" CASE WHEN i % 80 = 0 THEN " + rowAt + " END, CASE WHEN i % 80 = 0 THEN 'omar' ELSE '' END," +
		" CASE WHEN i % 50 = 1 THEN 'needed' ELSE 'none' END, CASE WHEN i % 50 = 1 THEN UTC_TIMESTAMP(3) + INTERVAL (i % 604800) SECOND END, " + rowAt + ", " + rowAt

	settlementRow = "CONCAT('S', 20000000000 + i), " + orderKey + ", CONCAT('P', 20000000000 + i), 100 + i % 100000, SHA2(i, 256)," +
		" CASE WHEN i % 20 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'submitted' WHEN i % 100 = 2 THEN 'new' ELSE 'succeeded' END, CONCAT('DYS', i)," +
		" CASE WHEN i % 20 = 0 THEN 'rejected' ELSE '' END, CASE WHEN i % 20 = 0 THEN 3010 + i DIV 20 % 5 ELSE 0 END, CASE WHEN i % 20 = 0 THEN 'it is too early' ELSE '' END," +
		" CASE WHEN i % 100 IN (1, 2) THEN UTC_TIMESTAMP(3) + INTERVAL (i % 86400) SECOND END," +
		" CASE WHEN i % 40 = 0 THEN 'unknown_code' ELSE '' END, CASE WHEN i % 40 = 0 THEN " + rowAt + " END, " + rowAt + ", " + rowAt

	paymentRow = "CONCAT('P', 20000000000 + i), " + orderKey + ", 1230 + i % 100000, " + rowAt + ", '1', CONCAT('DYP', i)," +
		" CASE WHEN i % 100 = 0 THEN 'FAIL' WHEN i % 1000 = 1 THEN 'TIMEOUT' ELSE 'SUCCESS' END," +
		" CASE WHEN i % 100 = 2 THEN 'unknown_order' ELSE '' END, '', " + rowAt

	callbackRow = "CONCAT('payment:P', 20000000000 + i, ':SUCCESS'), CASE WHEN i % 10 = 0 THEN 'refund' ELSE 'payment' END, CONCAT('P', 20000000000 + i)," +
		" CASE WHEN i % 50 = 0 THEN 'FAIL' ELSE 'SUCCESS' END, " + orderKey + ", REPEAT('{\"msg\":\"{}\"}', 40)," +
		" CASE WHEN i % 50 = 3 THEN 'unknown_type' ELSE '' END, '', " + rowAt + ", CASE WHEN i % 100 = 0 THEN UTC_TIMESTAMP(3) END," +
		" CASE WHEN i % 100 = 0 THEN 'HTTP 502' ELSE '' END, CASE WHEN i % 100 > 0 THEN " + rowAt + " END"

	paymentAskRow = "CONCAT('A', 20000000000 + i), " + orderKey + ", 1230, UTC_TIMESTAMP(3), CASE WHEN i % 2 = 0 THEN UTC_TIMESTAMP(3) END, 3," +
		" CASE WHEN i % 2 = 1 THEN 'unanswered' ELSE '' END, CASE WHEN i % 2 = 1 THEN " + rowAt + " END, " + rowAt

	badOutboxRow = "i, CASE WHEN i % 2 = 0 THEN 'push' ELSE 'refund' END, " + orderKey + ", " + rowAt + ", 'payload: amount_fen is missing'," +
		" CASE WHEN i % 2 = 1 THEN 'put_aside' ELSE '' END"

	operatorRow = rowAt + ", 'omar', CASE WHEN i % 2 = 0 THEN 'push' ELSE 'sign_in' END, '', '', CASE WHEN i % 2 = 0 THEN " + orderKey + " ELSE '' END, 1, '', '10.0.0.1'"

	backfillRow = "CONCAT('20260101T000000Z-', DATE_FORMAT('2026-01-01' + INTERVAL i HOUR, '%Y%m%dT%H0000Z')), 1, '', 1000, 1000, " + rowAt + ", " + rowAt + ", " + rowAt

	jobRow = "'push', '{}', 'omar', '', 1000, 1000, 1000, " + rowAt + ", " + rowAt + ", " + rowAt
)

// numbersPerStatement bounds a transaction, and so what the server must keep to take it back.
const numbersPerStatement = 100_000

// fillTables makes the rows of n orders, and goes on where it was stopped.
func fillTables(t *testing.T, db *gorm.DB, n int) {
	t.Helper()
	run := func(statement string, args ...any) {
		t.Helper()
		if err := db.Exec(statement, args...).Error; err != nil {
			t.Fatalf("%.200s: %v", statement, err)
		}
	}
	run("CREATE TABLE IF NOT EXISTS numbers (i BIGINT PRIMARY KEY)")
	run("INSERT IGNORE INTO numbers VALUES (1)")
	for have := 1; have < numbersPerStatement; have *= 2 {
		run("INSERT IGNORE INTO numbers SELECT i + ? FROM numbers WHERE i <= ? AND i + ? <= ?", have, have, have, numbersPerStatement)
	}
	for _, of := range sizes(n) {
		var there int
		if err := db.Raw("SELECT COUNT(*) FROM `" + of.table + "`").Row().Scan(&there); err != nil {
			t.Fatal(err)
		}
		if there >= of.rows {
			continue
		}
		// i % 100 of a table says what kind of row it is; whole numbers in place of @rows keep the
		// statement free of a session's variables.
		row := strings.ReplaceAll(of.row, "@rows", fmt.Sprint(of.rows))
		for from := there; from < of.rows; from += numbersPerStatement {
			run("INSERT INTO `"+of.table+"` ("+of.columns+") SELECT "+row+" FROM (SELECT i + ? AS i FROM numbers WHERE i <= ?) n ORDER BY i", from, of.rows-from)
		}
		run("ANALYZE TABLE `" + of.table + "`")
	}
}
