package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

func TestAuditSaysAWordOrListsThoseThatWait(t *testing.T) {
	db := servertest.DB(t)
	servertest.CreateShop(t, db)
	options := []assembly.Option{assembly.WithDB(db), assembly.WithRedis(servertest.Redis(t))}
	environ := []string{"ORDERSYNC_MYSQL__DSN=user:" + canary + "@tcp(127.0.0.1:1)/shop?loc=Asia%2FShanghai", "ORDERSYNC_REDIS__URI=redis://127.0.0.1:1/0"}
	if code, _, errOut := command(t, environ, options, "migrate"); code != exitDone {
		t.Fatal(errOut)
	}
	if code, out, _ := command(t, environ, options, "audit"); code != exitDone || out != "no refund waits for a word\n" {
		t.Errorf("%d, %q", code, out)
	}
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	for number, left := range map[string]time.Duration{"DY2": 30 * time.Hour, "DY1": 2 * time.Hour} {
		deadline := time.Now().Add(left)
		if _, err := st.HearTradeRefund(t.Context(), store.TradeRefund{
			Number: number, RefundID: number[2:], Origin: store.OriginUser, State: store.MoneySubmitted, Amount: 990, Reason: "不想要了",
			Audit: store.Audit{State: store.AuditNeeded, Deadline: &deadline}, At: time.Now(), DueAt: time.Now().Add(time.Hour),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, errOut := command(t, environ, options, "audit"); code != exitDone || !strings.Contains(out, "29h59m0s  不想要了") || strings.Index(out, "DY1") > strings.Index(out, "DY2") {
		t.Errorf("%d\n%s%s", code, out, errOut)
	}
	var list struct{ Refunds []struct{ Audit string } }
	if code, out, _ := command(t, environ, options, "audit", "--json"); code != exitDone || json.Unmarshal([]byte(out), &list) != nil || len(list.Refunds) != 2 || list.Refunds[0].Audit != "needed" {
		t.Errorf("%d\n%s", code, out)
	}
	for _, c := range []struct {
		args    []string
		code    int
		out, no string
	}{
		{[]string{"audit", "DY1"}, exitUsage, "", "--agree, --deny: want one of both"},
		{[]string{"audit", "DY1", "--agree", "--deny", "no"}, exitUsage, "", "--agree, --deny: want one of both"},
		{[]string{"audit", "--agree"}, exitUsage, "", "want the number of a refund"},
		{[]string{"audit", "DY1", "--agree", "--json"}, exitUsage, "", "--json"},
		{[]string{"audit", "DY1", "--deny", ""}, exitUsage, "", "--deny: want words for the buyer"},
		{[]string{"audit", "DY 1", "--agree"}, exitUsage, "", "out_refund_no"},
		{[]string{"audit", "DY9", "--agree"}, exitFailed, "", "ordersync: refund \"DY9\": no refund has this number\n"},
		{[]string{"audit", "DY1", "--deny", "已使用"}, exitDone, "the word on refund DY1 is written down, state submitted, audit needed\n", ""},
		{[]string{"audit", "DY1", "--deny", "已使用"}, exitDone, "the word on refund DY1 was known already, state submitted, audit needed\n", ""},
		{[]string{"audit", "DY1", "--agree"}, exitFailed, "", "refund \"DY1\": another word"},
	} {
		code, out, errOut := command(t, environ, options, c.args...)
		if code != c.code || out != c.out || !strings.Contains(errOut, c.no) || c.no == "" && errOut != "" {
			t.Errorf("%v: code %d, %q, %q", c.args, code, out, errOut)
		}
	}
	i, _, err := st.Instruction(t.Context(), store.Refund, "DY1")
	if err != nil || i.Audit.Word != store.Deny || i.Audit.By != "cli" {
		t.Errorf("%+v, %v", i.Audit, err)
	}
}
