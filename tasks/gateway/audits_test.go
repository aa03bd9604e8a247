package gateway

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/tasks"
)

// fakeAudits is Audits over one refund.
type fakeAudits struct {
	asked []tasks.AuditRequest
	by    string
	word  *bool
	after string
	list  []RefundStatus
	next  string
	err   error
}

func (a *fakeAudits) Audit(_ context.Context, r tasks.AuditRequest, by string) (RefundStatus, bool, error) {
	a.asked, a.by = append(a.asked, r), by
	fresh := a.word == nil
	a.word = r.Agree
	return asked("DY7"), fresh, a.err
}

func (a *fakeAudits) AuditsNeeded(_ context.Context, after string, limit int) ([]RefundStatus, string, error) {
	a.after = after
	if limit != 100 {
		return nil, "", errors.New("another limit")
	}
	return a.list, a.next, a.err
}

// asked is a refund that a buyer asked for.
func asked(number string) RefundStatus {
	deadline := bankTime.Add(72 * time.Hour)
	return RefundStatus{
		OutRefundNo: number, OrderID: "123", AmountFen: 990, Reason: "不想要了", RefundNo: "7", Progress: Progress{State: "submitted", CreatedAt: bankTime},
		RefundAudit: RefundAudit{Origin: "user", Audit: "needed", Deadline: &deadline},
	}
}

const askedJSON = `{"out_refund_no":"DY7","order_id":"123","amount_fen":990,"reason":"不想要了","refund_no":"7","state":"submitted","attempts":0,` +
	`"created_at":"2026-11-23T04:05:06Z","origin":"user","audit":"needed","audit_deadline":"2026-11-26T04:05:06Z"}`

func withAudits(a *fakeAudits) func(*Config, *Parts) {
	return func(_ *Config, p *Parts) { p.Audits = a }
}

func TestAWordIsTakenOnceAndThenKnown(t *testing.T) {
	t.Parallel()
	a := &fakeAudits{}
	f := setUp(t, withAudits(a))
	for _, status := range []int{http.StatusAccepted, http.StatusOK} {
		wantJSON(t, f.ask("POST", "/v1/refunds/DY7/audit", `{"agree":false,"deny_message":"用过了"}`), status, askedJSON)
	}
	if r := a.asked[0]; len(a.asked) != 2 || r.OutRefundNo != "DY7" || *r.Agree || r.DenyMessage != "用过了" || a.by != "api" {
		t.Errorf("asked %+v by %q", r, a.by)
	}
}

func TestAWordThatCannotBeTakenIsRefusedByName(t *testing.T) {
	t.Parallel()
	a := &fakeAudits{}
	f := setUp(t, withAudits(a))
	for body, c := range map[string]struct {
		status int
		field  string
	}{
		`{}`:                                   {422, "agree"},
		`{"agree":null}`:                       {422, "agree"},
		`{"agree":"true"}`:                     {400, "agree"},
		`{"agree":1}`:                          {400, "agree"},
		`{"deny_message":"a word is missing"}`: {422, "agree"},
		`{"agree":false}`:                      {422, "deny_message"},
		`{"agree":false,"deny_message":" "}`:   {422, "deny_message"},
		`{"agree":true,"deny_message":"why then"}`:                          {422, "deny_message"},
		`{"agree":false,"deny_message":"` + strings.Repeat("x", 513) + `"}`: {422, "deny_message"},
		`{"agree":true,"amount_fen":1}`:                                     {400, "amount_fen"},
	} {
		wantProblem(t, f.ask("POST", "/v1/refunds/DY7/audit", body), c.status, c.field)
	}
	wantProblem(t, f.ask("POST", "/v1/refunds/D%20Y/audit", `{"agree":true}`), 422, "out_refund_no")
	if len(a.asked) != 0 {
		t.Errorf("asked %+v", a.asked)
	}
	for _, c := range []struct {
		err    error
		status int
	}{{ErrNoRefund, 404}, {&AuditConflictError{"it has another word already"}, 409}, {errors.New("gone away"), 503}} {
		a.err = c.err
		if p := wantProblem(t, f.ask("POST", "/v1/refunds/DY7/audit", `{"agree":true}`), c.status, ""); c.status != 503 && p.Detail != c.err.Error() {
			t.Errorf("%d says %q", c.status, p.Detail)
		}
	}
}

func TestAuditsAreListedInPages(t *testing.T) {
	t.Parallel()
	a := &fakeAudits{}
	f := setUp(t, withAudits(a))
	wantJSON(t, f.ask("GET", "/v1/refunds?audit=needed", ""), http.StatusOK, `{"refunds":[],"next":""}`)
	a.list, a.next = []RefundStatus{asked("DY7")}, "1.DY7"
	wantJSON(t, f.ask("GET", "/v1/refunds?audit=needed&after=0.DY1", ""), http.StatusOK, `{"refunds":[`+askedJSON+`],"next":"1.DY7"}`)
	if a.after != "0.DY1" {
		t.Errorf("after %q", a.after)
	}
	for _, query := range []string{"", "?audit=agreed"} {
		wantProblem(t, f.ask("GET", "/v1/refunds"+query, ""), 422, "audit")
	}
	a.err = &tasks.PayloadError{Field: "after", Reason: "is none of ours"}
	wantProblem(t, f.ask("GET", "/v1/refunds?audit=needed&after=x", ""), 422, "after")
	a.err = errors.New("gone away")
	wantProblem(t, f.ask("GET", "/v1/refunds?audit=needed", ""), 503, "")
}
