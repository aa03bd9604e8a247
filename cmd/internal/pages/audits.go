package pages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/gateway"
)

const (
	// saidParameter tells the page of audits on which refund a word was just said.
	saidParameter = "said"
	// denyLength bounds the words of a denial in the browser, in characters; tasks bounds their bytes.
	denyLength = 170
)

var (
	errNotSure    = &problem{http.StatusBadRequest, "Tick the box beside the word first: it cannot be taken back."}
	errDenyWords  = &problem{http.StatusBadRequest, "A denial needs words for the buyer, at most 512 bytes."}
	errNoRefund   = &problem{http.StatusNotFound, "No refund has this number."}
	errWordStands = &problem{http.StatusConflict, "There is nothing to decide about this refund any more: another word was said, Douyin has decided, or the deadline is over."}
)

// auditsPage are the refunds that wait for the shop's word.
type auditsPage struct {
	Rows       []auditRow
	Next       string // address of the next page; empty: there is none
	DenyLength int
}

// auditRow is one refund. Left is 0 where the deadline is over.
type auditRow struct {
	gateway.RefundStatus
	Link  string // of its order
	From  string
	Yuan  string
	Left  time.Duration
	Close bool // less than a day is left
}

// originNames say who has opened a refund.
var originNames = map[store.Origin]string{
	store.OriginUser: "the buyer", store.OriginService: "Douyin's service", store.OriginExpiry: "Douyin, for its order has expired",
	store.OriginOther: "Douyin", store.OriginOurs: "the shop",
}

func (p *pages) desk() desk.Audits { return desk.Audits{Store: p.Store, Queue: p.Queue} }

// audits lists them, the nearest deadline first.
func (p *pages) audits(ctx context.Context, r *http.Request, l lang) (view, error) {
	query := r.URL.Query()
	refunds, next, err := p.desk().AuditsNeeded(ctx, query.Get("after"), listLimit)
	var bad *tasks.PayloadError
	switch {
	case errors.As(err, &bad):
		return view{}, errBadForm
	case err != nil:
		return view{}, err
	}
	page := auditsPage{DenyLength: denyLength}
	for _, refund := range refunds {
		row := auditRow{
			RefundStatus: refund, From: l.T(originNames[store.Origin(refund.Origin)]), Yuan: store.Fen(refund.AmountFen).String(),
		}
		if refund.OrderID != "" {
			row.Link = orderLink(refund.OrderID)
		}
		if refund.Deadline != nil {
			row.Left = max(refund.Deadline.Sub(p.Now()), 0)
			row.Close = row.Left < 24*time.Hour
		}
		page.Rows = append(page.Rows, row)
	}
	if next != "" {
		page.Next = "/audits?" + url.Values{"after": {next}}.Encode()
	}
	out := view{template: "audits", title: "Refunds that wait for a word", content: &page}
	if number := query.Get(saidParameter); number != "" && tasks.CheckNumber(saidParameter, number) == nil {
		out.notice = l.T("The word on refund %s is written down. Douyin is told within a minute.", number)
	}
	return out, nil
}

// say writes the word of the person who is signed in down, and leads back to the list. The first
// word counts.
func (p *pages) say(ctx context.Context, r *http.Request, _ lang) (view, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return view{}, errBadForm
	}
	in := r.PostForm
	word, sure := in.Get("word"), in.Get("sure") != ""
	agree := word == string(store.Agree)
	switch {
	case word != string(store.Agree) && word != string(store.Deny):
		return view{}, errBadForm
	case !sure:
		return view{}, errNotSure
	}
	req := tasks.AuditRequest{OutRefundNo: in.Get("number"), Agree: &agree}
	if !agree {
		req.DenyMessage = strings.TrimSpace(in.Get("words"))
	}
	if err := req.Validate(); err != nil {
		var bad *tasks.PayloadError
		if errors.As(err, &bad) && bad.Field == "deny_message" {
			return view{}, errDenyWords
		}
		return view{}, errBadForm
	}
	who, _ := admin.SignedIn(ctx)
	_, _, err := p.desk().Audit(ctx, req, who.Name)
	var stands *gateway.AuditConflictError
	switch {
	case errors.Is(err, gateway.ErrNoRefund):
		return view{}, errNoRefund
	case errors.As(err, &stands):
		return view{}, errWordStands
	case err != nil:
		return view{}, err
	}
	p.audit(ctx, "refund audit").Str("number", req.OutRefundNo).Str("word", word).Msg("admin")
	p.record(ctx, store.Act{Act: store.ActAudit, Subject: string(store.RefundAlarm), Number: req.OutRefundNo, Detail: word})
	return view{}, redirect("/audits?" + url.Values{saidParameter: {req.OutRefundNo}}.Encode())
}

// audited is what happened to the audit of a refund.
func (k *orderView) audited(l lang, i store.Instruction) (all []event) {
	a := i.Audit
	if a.State == store.AuditNone || a.State == "" {
		return nil
	}
	name := l.T(moneyNames[i.Money]) + " " + i.Number
	asked := event{At: i.CreatedAt, Class: "new", Title: name, State: l.T("waits for the shop's word"), Notes: []string{l.T(originNames[i.Origin])}}
	if a.Deadline != nil {
		asked.Notes = append(asked.Notes, l.T("Douyin agrees by itself at %s", stampIn(k.zone, *a.Deadline)))
	}
	all = append(all, asked)
	if a.At != nil {
		e := event{At: *a.At, Class: "settled", Title: name, State: l.T(wordNames[a.Word]), Message: k.strikeOut(a.DenyMessage), Notes: []string{l.T("by %s", a.By)}}
		if a.State == store.AuditNeeded {
			e.Notes = append(e.Notes, l.T("Douyin does not have it yet"))
			if a.Message != "" {
				e.Notes = append(e.Notes, l.recorded(k.strikeOut(a.Message)))
			}
		}
		all = append(all, e)
	}
	if a.State == store.AuditOvertime && a.Deadline != nil {
		all = append(all, event{At: *a.Deadline, Class: "refused", Title: name, State: l.T("Douyin agreed by itself at the deadline")})
	}
	return all
}

// wordNames are the shop's words.
var wordNames = map[store.AuditWord]string{store.Agree: "the shop agrees", store.Deny: "the shop denies"}
