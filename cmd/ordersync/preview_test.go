package main

import (
	"encoding/json"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/store/servertest"
)

// previewShop is the class's shop with orders in some states; exec changes it.
func previewShop(t *testing.T) (options []assembly.Option, exec func(statement string)) {
	t.Helper()
	db := servertest.DB(t)
	servertest.CreateShop(t, db)
	exec = func(statement string) {
		t.Helper()
		if err := db.Exec(statement).Error; err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, q := range []string{
		"INSERT INTO dy_user (id, openid) VALUES (1, '_000openid')",
		"INSERT INTO product (id, cover_img) VALUES (1, 'https://cdn.example.com/1.jpg'), (2, '55')",
		"INSERT INTO course (id, name) VALUES (1, '书法')",
		"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) VALUES " +
			"(7, 1, 1, 1, '0.07', '0.07', 1700000000, 'SN7', '', 1), (8, 1, 1, 1, '0.07', '0.07', 1700000001, 'SN8', '', 1), " +
			"(9, 1, 1, 1, '0.07', '0.07', 1700000002, 'SN9', '', 99)",
	} {
		exec(q)
	}
	return []assembly.Option{assembly.WithDB(db)}, exec
}

// rowsOf counts what a preview might have written.
func rowsOf(t *testing.T, db *gorm.DB) (n int) {
	t.Helper()
	if err := db.Raw("SELECT (SELECT COUNT(*) FROM ordersync_order) + (SELECT COUNT(*) FROM ordersync_log)").Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Neither Redis nor Douyin's keys are set: a preview needs the database alone.
func TestPreviewShowsAndSendsNothing(t *testing.T) {
	options, exec := previewShop(t)
	environ := []string{"ORDERSYNC_MYSQL__DSN=user:" + canary + "@tcp(127.0.0.1:1)/shop?loc=Asia%2FShanghai"}
	if code, _, errOut := command(t, environ, options, "preview", "7"); code != exitDone {
		t.Errorf("before migrate: code %d, %q", code, errOut)
	}
	if code, _, errOut := command(t, environ, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	for _, tt := range []struct {
		args    string
		code    int
		out     []string
		not     string
		errLine string
	}{
		{"preview 7", exitDone, []string{"1 已支付 (paid)", "2023-11-15 06:13:20 +08:00", "书法 × 1, 7 fen, https://cdn.example.com/1.jpg", "total_price       7 fen\n"}, "NOT SENT", ""},
		{"preview", exitDone, []string{"order             8", "order             7", `not Douyin's business: its status "99" has no word`}, "", ""},
		{"preview 9", exitDone, []string{"not Douyin's business"}, "order_id", ""},
		{"preview nowhere", exitFailed, nil, "", `order "nowhere": the shop has none`},
	} {
		code, out, errOut := command(t, environ, options, strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(errOut, tt.errLine) || tt.errLine == "" && errOut != "" {
			t.Errorf("%s: code %d, stderr %q", tt.args, code, errOut)
		}
		for _, want := range tt.out {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", tt.args, want, out)
			}
		}
		if tt.not != "" && strings.Contains(out, tt.not) || strings.Contains(out, "_000openid") {
			t.Errorf("%s: %q or an open_id in\n%s", tt.args, tt.not, out)
		}
	}

	code, out, _ := command(t, environ, options, "preview", "8", "--json")
	var one struct {
		Detail struct {
			OrderID string `json:"order_id"`
		} `json:"order_detail"`
		Warnings []string `json:"warnings"`
	}
	if err := json.Unmarshal([]byte(out), &one); err != nil || code != exitDone || one.Detail.OrderID != "8" || one.Warnings == nil {
		t.Errorf("--json: code %d, %v\n%s", code, err, out)
	}
	var all []any
	if _, out, _ = command(t, environ, options, "preview", "--json"); json.Unmarshal([]byte(out), &all) != nil || len(all) != 3 {
		t.Errorf("--json of the newest:\n%s", out)
	}

	exec("UPDATE `order` SET product_id = 2 WHERE id = 8")
	for _, args := range []string{"preview", "preview 8", "preview 8 --json", "preview --json"} {
		code, out, errOut := command(t, environ, options, strings.Fields(args)...)
		if code != exitFailed || !strings.Contains(errOut, `order 8 could not be sent: product.cover_img of row "2"`) || !strings.Contains(out, "product.cover_img") {
			t.Errorf("%s of a bad picture: code %d, %q\n%s", args, code, errOut, out)
		}
	}
}

// What a preview reads it leaves as it was.
func TestPreviewWritesNothing(t *testing.T) {
	db := servertest.DB(t)
	servertest.CreateShop(t, db)
	options := []assembly.Option{assembly.WithDB(db)}
	environ := []string{"ORDERSYNC_MYSQL__DSN=user:" + canary + "@tcp(127.0.0.1:1)/shop"}
	if code, _, errOut := command(t, environ, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	if code, out, errOut := command(t, environ, options, "preview"); code != exitDone || !strings.Contains(out, "no orders") {
		t.Errorf("an empty shop: code %d, %q, %q", code, out, errOut)
	}
	for _, q := range []string{
		"INSERT INTO dy_user (id, openid) VALUES (1, '_000openid')", "INSERT INTO product (id, cover_img) VALUES (1, 'https://cdn.example.com/1.jpg')",
		"INSERT INTO course (id, name) VALUES (1, '书法')",
		"INSERT INTO `order` (id, uid, product_id, course_id, price, amount, create_time, sn, third_order_num, status) VALUES (7, 1, 1, 1, '0.07', '0.07', 1700000000, 'SN7', '', 1)",
	} {
		if err := db.Exec(q).Error; err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"preview", "preview 7"} {
		if code, _, errOut := command(t, environ, options, strings.Fields(args)...); code != exitDone {
			t.Errorf("%s: code %d, %q", args, code, errOut)
		}
	}
	if n := rowsOf(t, db); n != 0 {
		t.Errorf("a preview wrote %d rows", n)
	}
}
