package simulator

import (
	"fmt"
	"time"
)

var createRefundFields = []field{
	{"out_order_no", true, developerNumber},
	{"out_refund_no", true, developerNumber},
	{"reason", true, text(1, 100)},
	{"refund_amount", true, integer(1, 99_999_999_999)},
	{"cp_extra", false, extra},
	{"notify_url", false, address},
	{"disable_msg", false, integer(0, 1)},
	{"msg_page", false, text(0, 1024)},
	{"all_settle", false, integer(0, 1)}, // old documents only
}

var queryRefundFields = []field{{"out_refund_no", true, developerNumber}}

type createRefundAnswer struct {
	ok
	RefundNo string `json:"refund_no"`
}

// oneYear is how long an order can be refunded (OLD-REFUND).
const oneYear = 365 * 24 * time.Hour

// numberIsDead is the answer to a number whose first request was refused. Its code is UNCONFIRMED.
var numberIsDead = &refusal{codeBusiness, "该单号首次请求已失败，请更换新的单号重新发起", ""}

// again judges a request with a number that came before. same: its content is that of the first
// one. The caller holds the lock.
func (b *bank) again(call, order, no string, same, dead bool) *refusal {
	if !same {
		b.notice(ChangedRequest, order, no, call)
	}
	if dead {
		b.notice(DeadNumber, order, no, call)
		return numberIsDead
	}
	return nil
}

// createRefund answers create_refund. Success means accepted: the result comes later, by callback
// and by query.
func (s *Server) createRefund(c *call) (any, *refusal) {
	f, b, now := c.form, s.bank, s.cfg.Now()
	no, order, fen := f.text("out_refund_no"), f.text("out_order_no"), f.fen("refund_amount")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.touch(recordName{keptRefund, no})
	if r := b.refunds[no]; r != nil {
		r.Requests++
		same := r.OutOrderNo == order && r.Amount == fen && r.Reason == f.text("reason")
		if bad := b.again("create_refund", order, no, same, r.Dead); bad != nil {
			return nil, bad
		}
		return createRefundAnswer{ok{ErrTips: "受理成功"}, r.RefundNo}, nil
	}

	r := &Refund{
		OutRefundNo: no, OutOrderNo: order, Amount: fen, Reason: f.text("reason"), Status: Processing, Requests: 1,
		cpExtra: cutExtra(f.text("cp_extra")), notifyURL: f.text("notify_url"),
	}
	b.refunds[no] = r
	b.refundNos = append(b.refundNos, no)
	p := b.payments[order]
	if bad := b.refundable(p, r, now); bad != nil {
		r.Dead, r.Status, r.Message = true, Failed, bad.text()
		return nil, bad
	}
	r.RefundNo = b.number()
	b.mu.touch(recordName{keptPayment, order})
	p.Refunding += fen
	p.refunds++
	s.settleLater(c, opRefundResult, opCallbackRefund, no, func(fails bool) delivery { return s.finishRefund(p, r, fails) })
	return createRefundAnswer{ok{ErrTips: "受理成功"}, r.RefundNo}, nil
}

// refundable tells why an order cannot be refunded. The caller holds the lock.
func (b *bank) refundable(p *Payment, r *Refund, now time.Time) *refusal {
	switch {
	case p == nil:
		return &refusal{codeNoRecord, "支付记录不存在", ""}
	case p.Status != Succeeded:
		return &refusal{codeBusiness, "订单未支付", ""}
	case now.Sub(p.PaidAt) > oneYear:
		return &refusal{codeBusiness, "订单已超过一年，不支持退款", ""}
	case p.refunds >= mostOfRefunds:
		return &refusal{codeBusiness, "退款次数超过限制", fmt.Sprintf("%d are allowed", mostOfRefunds)}
	case p.Refunded+p.Refunding+r.Amount > p.Amount:
		b.notice(TooMuch, p.OutOrderNo, r.OutRefundNo, fmt.Sprintf("refund of %d fen, %d are left", r.Amount, p.Amount-p.Refunded-p.Refunding))
		return &refusal{codeBusiness, "退款金额超过可退金额", ""}
	}
	return nil
}

// refundMsg is the msg of a refund callback (REFUND-CB).
type refundMsg struct {
	AppID        string `json:"appid"`
	CPRefundNo   string `json:"cp_refundno"`
	CPExtra      string `json:"cp_extra"`
	Status       Status `json:"status"`
	RefundAmount int64  `json:"refund_amount"`
	IsAllSettled bool   `json:"is_all_settled"`
	RefundedAt   int64  `json:"refunded_at"`
	Message      string `json:"message"`
	OrderID      string `json:"order_id"`
	RefundNo     string `json:"refund_no"`
}

// finishRefund gives an accepted refund its result.
func (s *Server) finishRefund(p *Payment, r *Refund, fails bool) delivery {
	b := s.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.touch(recordName{keptRefund, r.OutRefundNo})
	b.mu.touch(recordName{keptPayment, r.OutOrderNo})
	r.FinishedAt = s.cfg.Now()
	p.Refunding -= r.Amount
	if fails {
		r.Status, r.Message = Failed, "可提现余额不足，退款失败"
	} else {
		r.Status = Succeeded
		p.Refunded += r.Amount
		b.moved(p, Movement{r.FinishedAt, "refund", r.OutRefundNo, r.OutOrderNo, r.Amount})
	}
	return delivery{kind: "refund", url: r.notifyURL, state: &r.Callback, of: recordName{keptRefund, r.OutRefundNo}, msg: refundMsg{
		AppID: p.appID, CPRefundNo: r.OutRefundNo, CPExtra: r.cpExtra, Status: r.Status, RefundAmount: r.Amount,
		IsAllSettled: p.Finished, RefundedAt: r.FinishedAt.Unix(), Message: r.Message, OrderID: p.OrderID, RefundNo: r.RefundNo,
	}}
}

// moved writes a movement, unless its order was forgotten by a reset meanwhile. The caller holds
// the lock.
func (b *bank) moved(p *Payment, m Movement) {
	if b.payments[p.OutOrderNo] == p {
		b.mu.touch(nth(keptMovement, len(b.movements)))
		b.movements = append(b.movements, m)
	}
}

type queryRefundAnswer struct {
	ok
	RefundInfo refundInfo `json:"refundInfo"` // in camel case, as Douyin has it
}

type refundInfo struct {
	RefundNo     string `json:"refund_no"`
	RefundAmount int64  `json:"refund_amount"`
	RefundStatus Status `json:"refund_status"`
	RefundedAt   int64  `json:"refunded_at"` // seconds; 0 while it runs
	IsAllSettled bool   `json:"is_all_settled"`
	CPExtra      string `json:"cp_extra"`
	Msg          string `json:"msg"`
}

func (s *Server) queryRefund(c *call) (any, *refusal) {
	b := s.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.refunds[c.form.text("out_refund_no")]
	if r == nil || r.Dead {
		return nil, &refusal{codeNoRefund, "退款记录不存在", ""}
	}
	return queryRefundAnswer{ok{ErrTips: "success"}, refundInfo{
		RefundNo: r.RefundNo, RefundAmount: r.Amount, RefundStatus: r.Status, RefundedAt: seconds(r.FinishedAt),
		IsAllSettled: b.payments[r.OutOrderNo].Finished, CPExtra: r.cpExtra, Msg: r.Message,
	}}, nil
}

// seconds is a time as Douyin writes it, 0 for none.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
