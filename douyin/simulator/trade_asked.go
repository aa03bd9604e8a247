package simulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// AskedRefund is a refund that the shop did not ask for.
type AskedRefund struct {
	// Order is Douyin's number of the order, or the shop's.
	Order string `json:"order"`
	// Amount is in the order's unit. 0: all that is left.
	Amount int64 `json:"amount"`
	// By is user, service or expiry. Empty: user. Nobody is asked about an expiry.
	By string `json:"by"`
	// Audit says that the shop has its say.
	Audit       bool     `json:"audit"`
	Reasons     []string `json:"reasons"`
	Description string   `json:"description"`
}

var askers = map[string]int{"": SourceUser, "user": SourceUser, "service": SourceService, "expiry": SourceExpiry}

// Errors of AskRefund.
var (
	ErrAsked   = errors.New("simulator: no such refund can be asked for")
	ErrNoAsked = errors.New("simulator: no such refund was asked for")
)

// AskRefund opens a refund as the buyer, Douyin's service or the end of a term does, and returns
// its refund_id. The shop is asked by pre_create_refund until it answers; at the deadline Douyin
// agrees by itself. Errors: ErrNoOrder, ErrAsked.
func (s *Server) AskRefund(q AskedRefund) (refundID string, err error) {
	source, known := askers[q.By]
	if !known {
		return "", fmt.Errorf("%w: by %q: want user, service or expiry", ErrAsked, q.By)
	}
	if source == SourceExpiry && q.Audit {
		return "", fmt.Errorf("%w: nobody audits an expiry", ErrAsked)
	}
	t, now := s.trade, s.cfg.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.byNumber[q.Order]
	if o == nil {
		return "", ErrNoOrder
	}
	item := &o.Items[0]
	amount := q.Amount
	if amount == 0 {
		amount = item.Paid - item.Refunded
	}
	if amount < 0 || amount > item.Paid-item.Refunded {
		return "", fmt.Errorf("%w: amount %d, %d are left", ErrAsked, amount, item.Paid-item.Refunded)
	}
	parts := []TradePart{{item.ItemOrderID, amount}}
	if bad := t.refundable(o, parts, amount, now); bad != nil {
		return "", fmt.Errorf("%w: %s", ErrAsked, bad.text())
	}
	r := t.openRefund(o, parts, source, now)
	r.NeedsAudit, r.reasons, r.Deadline = q.Audit, slices.Clone(q.Reasons), now.Add(s.cfg.Trade.AuditWindow)
	if source == SourceExpiry {
		r.Audit, r.numbered = AuditAgreed, true
		s.agree(nil, r)
		return r.RefundID, nil
	}
	s.askShop(r, q.Description, s.cfg.Trade.AuditWindow)
	return r.RefundID, nil
}

// askShop puts a refund to the shop until it is answered, and lets Douyin decide when left is over.
// The caller holds the lock.
func (s *Server) askShop(r *TradeRefund, description string, left time.Duration) {
	n := s.question(r, description)
	if !r.numbered {
		s.background(func(ctx context.Context) { s.ask(ctx, r, n, s.fate(opTradeAsk, r.RefundID)) })
	}
	s.background(func(ctx context.Context) {
		if s.cfg.Pause(ctx, left) {
			s.overdue(r)
		}
	})
}

// overdue lets Douyin decide at the deadline: what still waits is agreed to.
func (s *Server) overdue(r *TradeRefund) {
	s.trade.mu.Lock()
	defer s.trade.mu.Unlock()
	if r.agreed || r.Status != Processing || r.Audit == AuditDenied {
		return
	}
	s.trade.touchRefund(r)
	r.Audit, r.numbered = AuditOvertime, true
	s.agree(nil, r)
}

// askMsg is msg of pre_create_refund.
type askMsg struct {
	AppID       string   `json:"app_id"`
	OpenID      string   `json:"open_id"`
	RefundID    string   `json:"refund_id"`
	OrderID     string   `json:"order_id"`
	OutOrderNo  string   `json:"out_order_no"`
	Amount      int64    `json:"refund_total_amount"`
	Need        int      `json:"need_refund_audit"`
	Deadline    int64    `json:"refund_audit_deadline"` // milliseconds
	CreatedAt   int64    `json:"create_refund_time"`    // milliseconds
	Source      int      `json:"refund_source"`
	Reasons     []string `json:"refund_reason"`
	Description string   `json:"refund_description"`
	CPExtra     string   `json:"cp_extra"`
	Detail      itemsMsg `json:"refund_item_detail"`
	Currency    string   `json:"currency,omitempty"`
}

// askPause is between two deliveries of pre_create_refund.
const askPause = 10 * time.Minute

// question is pre_create_refund. The caller holds the lock.
func (s *Server) question(r *TradeRefund, description string) notification {
	o := r.order
	msg := askMsg{
		AppID: o.AppID, OpenID: o.openID, RefundID: r.RefundID, OrderID: o.OrderID, OutOrderNo: o.OutOrderNo, Amount: r.Amount,
		Need: r.needs(), Deadline: r.Deadline.UnixMilli(), CreatedAt: r.CreatedAt.UnixMilli(), Source: r.Source,
		Reasons: append([]string{}, r.reasons...), Description: description, Detail: itemsMsg{len(r.Items), r.Items},
	}
	if o.Currency == diamond {
		msg.Currency = diamond
	}
	url := s.cfg.Trade.ExtensionURL
	if url == "" {
		url = s.cfg.NotifyURL
	}
	n := notification{op: opTradeAsk, kind: "pre_create_refund", number: r.RefundID, app: o.AppID, url: url, state: &r.Asked, of: r.recordName(), msg: msg}
	r.again = n
	return n
}

// ask delivers pre_create_refund every ten minutes until it is answered rightly or the refund is
// decided. A lost one is not sent the first time.
func (s *Server) ask(ctx context.Context, r *TradeRefund, n notification, fate Fault) {
	if n.url == "" || fate.Kind == Late && !s.cfg.Pause(ctx, time.Duration(fate.DelayMS)*time.Millisecond) {
		return
	}
	s.trade.mu.settled()
	for first := true; ; first = false {
		if (!first || fate.Kind != Lost) && s.askOnce(ctx, r, n, fate) {
			return
		}
		if !s.cfg.Pause(ctx, time.Duration(float64(askPause)*s.cfg.RedeliveryScale)) || !s.waits(r) {
			return
		}
	}
}

// waits tells whether a refund still waits for its answer.
func (s *Server) waits(r *TradeRefund) bool {
	s.trade.mu.Lock()
	defer s.trade.mu.Unlock()
	return s.trade.held(r.order) && !r.numbered && r.Status == Processing
}

// askOnce delivers pre_create_refund once, or twice at the same time, and tells whether all answers
// were right.
func (s *Server) askOnce(ctx context.Context, r *TradeRefund, n notification, fate Fault) bool {
	body := tradeEnvelope(n)
	copies, taken := s.sendCopies(fate, func() bool {
		status, text := s.postTrade(ctx, n, body, s.cfg.Trade.AnswerTime)
		answer, wrong := readExtensionAnswer(status, text)
		if wrong != "" {
			s.cfg.Log.Warn().Str("refund_id", r.RefundID).Str("reason", wrong).Msg("simulator: pre_create_refund not answered rightly")
			return false
		}
		return s.answered(r, answer)
	})
	s.trade.mu.Lock()
	defer s.trade.mu.Unlock()
	s.trade.touchRefund(r)
	r.Asked.Deliveries += copies
	if taken {
		r.Asked.Answered = true
		s.stats.answered(opTradeAsk, 0)
	}
	return taken
}

// answered takes a well-formed answer to pre_create_refund and tells whether Douyin takes it: the
// number must be new, and a repeat must get the same answer.
func (s *Server) answered(r *TradeRefund, a extensionAnswer) bool {
	t := s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held(r.order) {
		return true
	}
	if r.Answer != "" {
		if r.Answer != a.text {
			t.notice(AnswerDiffers, r.OutOrderNo, r.RefundID, a.text+" after "+r.Answer)
			return false
		}
		return true
	}
	if t.byRefund[own(r.order.AppID, a.outRefundNo)] != nil {
		t.notice(NumberReused, r.OutOrderNo, r.RefundID, a.outRefundNo)
		return false
	}
	t.touchRefund(r)
	r.Answer = a.text
	if r.numbered || r.Status != Processing {
		return true // too late: Douyin has decided
	}
	r.OutRefundNo, r.notifyURL, r.numbered = a.outRefundNo, a.notifyURL, true
	t.byRefund[own(r.order.AppID, a.outRefundNo)] = r
	if r.Audit = AuditAwaited; !r.NeedsAudit {
		r.Audit = AuditAgreed
		s.agree(nil, r)
	}
	return true
}

// AskAgain delivers pre_create_refund of a refund once more, as Douyin does when it has lost the
// answer. Errors: ErrNoAsked.
func (s *Server) AskAgain(refundID string) error {
	s.trade.mu.Lock()
	r := s.trade.byRefund[refundID]
	if r == nil || r.again.url == "" {
		s.trade.mu.Unlock()
		return ErrNoAsked
	}
	n := r.again
	s.trade.mu.Unlock()
	s.background(func(ctx context.Context) { s.askOnce(ctx, r, n, Fault{}) })
	return nil
}
