package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/client"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// auditShop has one refund that waits for a word.
type auditShop struct{ word *bool }

var deadline = created.Add(72 * time.Hour)

func waiting(no string) gateway.RefundStatus {
	return gateway.RefundStatus{OutRefundNo: no, OrderID: "7", AmountFen: 990, Reason: "不想要了", Progress: gateway.Progress{State: "submitted", CreatedAt: created},
		RefundAudit: gateway.RefundAudit{Origin: "user", Audit: "needed", Deadline: &deadline}}
}

func (s *auditShop) Audit(_ context.Context, r tasks.AuditRequest, _ string) (gateway.RefundStatus, bool, error) {
	switch {
	case r.OutRefundNo != "DY1":
		return gateway.RefundStatus{}, false, gateway.ErrNoRefund
	case s.word != nil && *s.word != *r.Agree:
		return gateway.RefundStatus{}, false, &gateway.AuditConflictError{Reason: "it has another word already"}
	}
	fresh := s.word == nil
	s.word = r.Agree
	status := waiting("DY1")
	status.Word, status.By, status.At, status.DenyMessage = "deny", "api", &created, r.DenyMessage
	return status, fresh, nil
}

func (s *auditShop) AuditsNeeded(_ context.Context, after string, _ int) ([]gateway.RefundStatus, string, error) {
	if after == "" {
		return []gateway.RefundStatus{waiting("DY1"), waiting("DY2")}, "1.DY2", nil
	}
	return []gateway.RefundStatus{waiting("DY3")}, "", nil
}

func TestWordsOnRefundsReachTheGateway(t *testing.T) {
	t.Parallel()
	s := &auditShop{}
	_, cfg := startGateway(t, func(p *gateway.Parts) { p.Audits = s })
	c := dial(t, cfg)
	var waits []string
	for r, err := range c.EachAudit(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Audit != "needed" || r.Origin != "user" || !r.AuditDeadline.Equal(deadline) {
			t.Errorf("%+v", r)
		}
		waits = append(waits, r.OutRefundNo)
	}
	if len(waits) != 3 || waits[2] != "DY3" {
		t.Errorf("%q wait", waits)
	}
	for range 2 {
		r, err := c.Deny(t.Context(), "DY1", "课程已学完")
		if err != nil || r.AuditWord != "deny" || r.AuditBy != "api" || r.DenyMessage != "课程已学完" || !r.AuditAt.Equal(created) {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if _, err := c.Agree(t.Context(), "DY1"); !errors.Is(err, client.ErrConflict) {
		t.Error(err)
	}
	if _, err := c.Agree(t.Context(), "DY9"); !errors.Is(err, client.ErrNotFound) {
		t.Error(err)
	}
	var p *client.Problem
	if _, err := c.Deny(t.Context(), "DY1", ""); !errors.As(err, &p) || p.Field != "deny_message" {
		t.Error(err)
	}
	if _, err := c.Audits(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}
