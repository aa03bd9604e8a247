package tasks

import (
	"errors"
	"strings"
	"testing"
)

func TestAnAuditTaskNamesTheRefund(t *testing.T) {
	t.Parallel()
	task, err := Audit{OutRefundNo: "DY7", Revision: "said"}.Task()
	if err != nil || task.Type() != "refund:audit" || string(task.Payload()) != `{"out_refund_no":"DY7","revision":"said"}` {
		t.Fatalf("%v, %v", task, err)
	}
	a, err := ParseAudit(task)
	if err != nil || a.ID() != "audit:DY7:said" || a.Queue() != "refund" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := (Audit{OutRefundNo: "a b"}).Task(); err == nil {
		t.Error("a number with a space became a task")
	}
}

func TestAWordIsCheckedByName(t *testing.T) {
	t.Parallel()
	for payload, field := range map[string]string{
		`{"out_refund_no":"DY7","agree":true}`:                                                    "",
		`{"out_refund_no":"DY7","agree":false,"deny_message":"用过了"}`:                              "",
		`{"out_refund_no":"DY7","agree":true,"tomorrow":1}`:                                       "",
		`{"out_refund_no":"DY7"}`:                                                                 "agree",
		`{"out_refund_no":"DY7","deny_message":"no"}`:                                             "agree",
		`{"out_refund_no":"DY7","agree":"yes"}`:                                                   "agree",
		`{"agree":true}`:                                                                          "out_refund_no",
		`{"out_refund_no":"DY 7","agree":true}`:                                                   "out_refund_no",
		`{"out_refund_no":"DY7","agree":false}`:                                                   "deny_message",
		`{"out_refund_no":"DY7","agree":true,"deny_message":"no"}`:                                "deny_message",
		`{"out_refund_no":"DY7","agree":false,"deny_message":"` + strings.Repeat("x", 513) + `"}`: "deny_message",
		`{"out_refund_no":"DY7","agree":true,"order_id":"2"}`:                                     "payload.order_id",
		``: "out_refund_no",
	} {
		asked, err := FromOutbox("audit", "1", []byte(payload), "9")
		var bad *PayloadError
		if field == "" {
			if err != nil || asked.Audit == nil || asked.Audit.OrderID != "1" {
				t.Errorf("%s: %+v, %v", payload, asked, err)
			}
		} else if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v, want field %s", payload, err, field)
		}
	}
	if r, err := (AuditRequest{OrderID: "1", OutRefundNo: "DY7", Agree: new(true)}).Row(); err != nil || r.Kind != "audit" || string(r.Payload) != `{"order_id":"1","out_refund_no":"DY7","agree":true}` {
		t.Errorf("%s, %v", r.Payload, err)
	}
	if _, err := (AuditRequest{OutRefundNo: "DY7", Agree: new(true)}).Row(); err == nil {
		t.Error("a row without an order")
	}
}
