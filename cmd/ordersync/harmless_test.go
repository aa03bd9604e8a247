package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/ordersync/ordersync/store"
)

// evil is what a terminal would obey, and what would look like a line of ours.
const evil = "1\x1b[31mX\n<b>\t\r\x00\x7f\u0085\u009b2J\u061c\u200f\u2028\u2029\u202e\u2066"

// obeyed are the characters of a text that a terminal does not show as they are; line feeds apart.
func obeyed(text string) (found []rune) {
	for _, r := range text {
		if r != '\n' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			found = append(found, r)
		}
	}
	return found
}

// What a shop and Douyin wrote reaches a terminal as text: no escape sequence, no line that looks
// like one of ours. JSON still holds it as it was.
func TestATerminalObeysNothingThatAShopOrDouyinWrote(t *testing.T) {
	environ, options, db := failedShop(t)
	environ = append(environ, "ORDERSYNC_SHOP__COLUMNS__STATUS=third_order_num")
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	write := func(text string) {
		t.Helper()
		for _, q := range []string{
			"UPDATE `order` SET third_order_num = ?", "UPDATE ordersync_order SET message = ?", "UPDATE ordersync_order SET shop_status = ?",
			"UPDATE ordersync_refund SET message = ?, kind = 'rejected', alarm = 'unknown_code'", "UPDATE ordersync_refund SET reason = ?",
			"UPDATE ordersync_callback SET note = ?, alarm = 'unknown_order'", "UPDATE ordersync_callback SET status = ?", "UPDATE ordersync_payment SET message = ?",
			"UPDATE ordersync_order SET order_id = ? WHERE order_no = '9'", "UPDATE ordersync_callback SET number = ?", "UPDATE ordersync_outbox_bad SET reason = ?", "UPDATE ordersync_log SET message = ?",
		} {
			if err := db.Exec(q, text).Error; err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
	}
	for _, q := range []string{
		"INSERT INTO ordersync_order (order_id, order_no, outcome, created_at, updated_at) VALUES ('9', '9', 'gave_up', '2026-03-01 07:00:00', '2026-03-01 07:00:00')",
		"INSERT INTO ordersync_payment (out_order_no, order_id, total_fen, paid_at, created_at, alarm) VALUES ('SN7', '7', 7, '2026-03-01 07:00:00', '2026-03-01 07:00:00', 'amount')",
		"INSERT INTO ordersync_outbox_bad (id, kind, order_id, payload, reason, created_at, alarm) VALUES (1, 'refund', '7', '{}', '', '2026-03-01 07:00:00', 'put_aside')",
		"UPDATE ordersync_refund SET `system` = 'trade', origin = 'user', audit = 'needed', audit_deadline = '2199-01-01 00:00:00'",
		"INSERT INTO ordersync_log (at, call_name, order_id, outcome, kind) VALUES ('2026-03-01 08:00:00', 'order.push', '7', 'refused', 'rejected')",
	} {
		if err := db.Exec(q).Error; err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	for _, args := range []string{"status 7", "status R7", "status", "failures", "refunds", "callbacks", "audit", "preview", "preview 7", "doctor", "retry --failed --dry-run"} {
		for _, zh := range []bool{false, true} {
			environ := environ
			if zh {
				environ = chinese(environ)
			}
			write("tame")
			_, tame, tameErr := command(t, environ, options, strings.Fields(args)...)
			write(evil)
			_, out, errOut := command(t, environ, options, strings.Fields(args)...)
			if found := obeyed(out + errOut); len(found) > 0 {
				t.Errorf("%s, Chinese %t: a terminal obeys %q in\n%s%s", args, zh, found, out, errOut)
			}
			if strings.Count(out+errOut, "\n") != strings.Count(tame+tameErr, "\n") {
				t.Errorf("%s, Chinese %t: other lines than\n%s%sare\n%s%s", args, zh, tame, tameErr, out, errOut)
			}
		}
	}
	write(evil)
	for _, args := range []string{"status 7 --json", "status --json", "failures --json", "refunds --json", "callbacks --json", "preview 7 --json"} {
		_, out, errOut := command(t, environ, options, strings.Fields(args)...)
		var read any
		if err := json.Unmarshal([]byte(out), &read); err != nil {
			t.Errorf("%s: %v", args, err)
		}
		if found := obeyed(out + errOut); len(found) > 0 {
			t.Errorf("%s: a terminal obeys %q in\n%s%s", args, found, out, errOut)
		}
		if !strings.Contains(fmt.Sprint(read), "2J\u061c\u200f") {
			t.Errorf("%s: the value is another one:\n%s", args, out)
		}
	}
}

// The bytes that are signed are shown exactly, and a terminal obeys none of them.
func TestWhatIsSignedIsShownExactlyAndHarmless(t *testing.T) {
	var out, errOut bytes.Buffer
	p := &process{environ: secrets, in: strings.NewReader(`{"a":"1\u001b[31mX\n\u202e","b":"\"2\\"}`), out: &out, errOut: &errOut}
	if code := p.run(t.Context(), []string{"sign", "--explain"}); code != exitDone || len(obeyed(out.String())) > 0 {
		t.Fatalf("%d, %q, %s", code, out.String(), &errOut)
	}
	for _, line := range []string{`"1\x1b[31mX\n\u202e"` + "\n", `  "2\` + "\n"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("want %q in\n%s", line, &out)
		}
	}
}
