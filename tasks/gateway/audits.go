package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/ordersync/ordersync/tasks"
)

// auditPage is how many refunds one page of GET /v1/refunds has at most.
const auditPage = 100

// byAPI is who says a word that comes over HTTP.
const byAPI = "api"

// Audits takes the shop's word on refunds that buyers asked Douyin for.
type Audits interface {
	// Audit writes the word down; by says whose it is. fresh is false where it stands already.
	// Errors: ErrNoRefund, *AuditConflictError.
	Audit(ctx context.Context, r tasks.AuditRequest, by string) (status RefundStatus, fresh bool, err error)
	// AuditsNeeded lists refunds that wait for a word, the nearest deadline first, behind after, a
	// next that was answered before; empty: from the beginning. next is empty at the end. The error
	// is a *tasks.PayloadError where after is none of ours.
	AuditsNeeded(ctx context.Context, after string, limit int) (refunds []RefundStatus, next string, err error)
}

// ErrNoRefund: no refund has that number. One that a buyer asks for is known once Douyin has told.
var ErrNoRefund = errors.New("no refund has this number")

// AuditConflictError: there is nothing to decide, or it was decided otherwise.
type AuditConflictError struct{ Reason string } // why there is nothing to decide

func (e *AuditConflictError) Error() string { return e.Reason }

// auditProblem gives the errors of Audits their status; nil for any other error.
func auditProblem(err error) *Problem {
	var conflict *AuditConflictError
	switch {
	case errors.As(err, &conflict):
		return &Problem{Status: http.StatusConflict, Detail: conflict.Reason}
	case errors.Is(err, ErrNoRefund):
		return &Problem{Status: http.StatusNotFound, Detail: ErrNoRefund.Error()}
	}
	return nil
}

func (g *Gateway) audit(w http.ResponseWriter, r *http.Request) error {
	var word struct {
		Agree       *bool  `json:"agree"`
		DenyMessage string `json:"deny_message"`
	}
	if err := read(w, r, true, &word); err != nil {
		return err
	}
	req := tasks.AuditRequest{OutRefundNo: r.PathValue("no"), Agree: word.Agree, DenyMessage: word.DenyMessage}
	if err := req.Validate(); err != nil {
		return err
	}
	status, fresh, err := g.Audits.Audit(r.Context(), req, byAPI)
	if err != nil {
		return orUnavailable(err, "the word may not have been written down: say the same one again")
	}
	return g.instructed(w, status, fresh, nil)
}

// RefundPage is the answer of GET /v1/refunds.
type RefundPage struct {
	Refunds []RefundStatus `json:"refunds"` // the nearest deadline first
	Next    string         `json:"next"`    // to ask with after; empty: there are no more
}

func (g *Gateway) auditsNeeded(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	if query.Get("audit") != "needed" {
		return &tasks.PayloadError{Field: "audit", Reason: "want audit=needed: refunds are listed by nothing else"}
	}
	refunds, next, err := g.Audits.AuditsNeeded(r.Context(), query.Get("after"), auditPage)
	if err != nil {
		return orUnavailable(err, "it cannot be read now: ask again")
	}
	if refunds == nil {
		refunds = []RefundStatus{}
	}
	return g.reply(w, http.StatusOK, RefundPage{Refunds: refunds, Next: next})
}
