package simulator

import (
	"fmt"
	"strings"
	"time"
)

var settleFields = []field{
	{"out_settle_no", true, developerNumber},
	{"out_order_no", true, developerNumber},
	{"settle_desc", true, description},
	{"settle_params", false, receivers},
	{"cp_extra", false, extra},
	{"notify_url", false, address},
	{"finish", false, flag},
}

var querySettleFields = []field{{"out_settle_no", true, developerNumber}}

// description is settle_desc: at most 80 characters.
func description(p param) string {
	if bad := text(1, 4*80)(p); bad != "" {
		return bad
	}
	if n := len([]rune(p.text)); n > 80 {
		return fmt.Sprintf("%d characters, at most 80 are allowed", n)
	}
	return ""
}

type settleAnswer struct {
	ok
	SettleNo string `json:"settle_no"`
}

// mostSettlements is how many settlements an order may have; the last one always finishes it.
const mostSettlements = 50

// settle answers settle. Without finish:"false" everything that is left leaves the transit account:
// the receivers get their share and the seller the rest; with it only the receivers' amounts move
// (UNCONFIRMED: the documents say only that finish closes the order).
//
// A settlement that comes too early, or while another runs, is refused without using the number up
// (UNCONFIRMED: the documents say that a number whose first request failed is dead, without telling
// whether this is such a failure).
func (s *Server) settle(c *call) (any, *refusal) {
	f, b := c.form, s.bank
	no, order := f.text("out_settle_no"), f.text("out_order_no")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.touch(recordName{keptSettlement, no})
	if st := b.settlements[no]; st != nil {
		st.Requests++
		same := st.OutOrderNo == order && st.Params == f.text("settle_params") && st.desc == f.text("settle_desc") && st.finish == f.text("finish")
		if bad := b.again("settle", order, no, same, st.Dead); bad != nil {
			return nil, bad
		}
		return settleAnswer{SettleNo: st.SettleNo}, nil
	}
	p := b.payments[order]
	if bad := s.notYet(p); bad != nil {
		return nil, bad
	}

	st := &Settlement{
		OutSettleNo: no, OutOrderNo: order, Params: f.text("settle_params"), Finish: f.text("finish") != "false", Status: Processing,
		Requests: 1, desc: f.text("settle_desc"), finish: f.text("finish"), cpExtra: cutExtra(f.text("cp_extra")), notifyURL: f.text("notify_url"),
	}
	b.settlements[no] = st
	b.settleNos = append(b.settleNos, no)
	if bad := b.settleable(p, st); bad != nil {
		st.Dead, st.Status, st.Message = true, Failed, bad.text()
		return nil, bad
	}
	st.SettleNo = b.number()
	b.mu.touch(recordName{keptPayment, order})
	p.Settling += st.Amount
	p.settlements++
	s.settleLater(c, opSettleResult, opCallbackSettle, no, func(fails bool) delivery { return s.finishSettlement(p, st, fails) })
	return settleAnswer{SettleNo: st.SettleNo}, nil
}

// notYet tells why an order cannot be settled now although it may be later. The caller holds the
// lock.
func (s *Server) notYet(p *Payment) *refusal {
	switch {
	case p == nil || p.Status != Succeeded:
		return nil
	case s.cfg.Now().Sub(p.PaidAt) < s.cfg.SettleAfter:
		return &refusal{s.cfg.SettleTooEarly, "订单未到可结算时间", ""}
	case p.Settling > 0:
		return &refusal{codeBusiness, "存在处理中的结算，请稍后再试", ""}
	}
	return nil
}

// settleable fills in the amount, or tells why the order cannot be settled. The caller holds the
// lock.
func (b *bank) settleable(p *Payment, st *Settlement) *refusal {
	switch {
	case p == nil:
		return &refusal{codeNoRecord, "支付记录不存在", ""}
	case p.Status != Succeeded:
		return &refusal{codeBusiness, "订单未支付", ""}
	}
	if p.Refunding > 0 {
		b.notice(RefundInFlight, p.OutOrderNo, st.OutSettleNo, fmt.Sprintf("settle while %d fen are being refunded", p.Refunding))
	}
	st.Finish = st.Finish || p.settlements+1 >= mostSettlements
	_, shares, _ := readReceivers(st.Params)
	left := p.left()
	if st.Amount = shares; st.Finish {
		st.Amount = left
	}
	if shares > left || st.Amount == 0 {
		b.notice(TooMuch, p.OutOrderNo, st.OutSettleNo, fmt.Sprintf("settle, %d fen are left", left))
		return &refusal{codeBusiness, "可结算金额不足", ""}
	}
	return nil
}

// settleMsg is the msg of a settle callback (SETTLE-CB).
type settleMsg struct {
	AppID        string `json:"appid"`
	CPSettleNo   string `json:"cp_settle_no"`
	CPExtra      string `json:"cp_extra"`
	Status       Status `json:"status"`
	Rake         int64  `json:"rake"`
	Commission   int64  `json:"commission"`
	SettleDetail string `json:"settle_detail"`
	SettledAt    int64  `json:"settled_at"`
	Message      string `json:"message"`
	OrderID      string `json:"order_id"`
	SettleAmount int64  `json:"settle_amount"`
	SettleNo     string `json:"settle_no"`
	OutOrderNo   string `json:"out_order_no"`
	IsAutoSettle bool   `json:"is_auto_settle"`
}

// finishSettlement gives an accepted settlement its result.
func (s *Server) finishSettlement(p *Payment, st *Settlement, fails bool) delivery {
	b := s.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.touch(recordName{keptSettlement, st.OutSettleNo})
	b.mu.touch(recordName{keptPayment, st.OutOrderNo})
	st.FinishedAt = s.cfg.Now()
	p.Settling -= st.Amount
	if fails {
		st.Status, st.Message = Failed, "结算失败，请更换新的结算单号重新发起"
	} else {
		st.Status, st.Message = Succeeded, "SUCCESS"
		p.Settled += st.Amount
		p.Finished = p.Finished || st.Finish
		b.moved(p, Movement{st.FinishedAt, "settle", st.OutSettleNo, st.OutOrderNo, st.Amount})
	}
	return delivery{kind: "settle", url: st.notifyURL, state: &st.Callback, of: recordName{keptSettlement, st.OutSettleNo}, msg: settleMsg{
		AppID: p.appID, CPSettleNo: st.OutSettleNo, CPExtra: st.cpExtra, Status: st.Status, Rake: st.rake(),
		SettleDetail: st.detail(), SettledAt: st.FinishedAt.Unix(), Message: st.Message, OrderID: p.OrderID,
		SettleAmount: st.Amount, SettleNo: st.SettleNo, OutOrderNo: st.OutOrderNo,
	}}
}

// rake is Douyin's fee of 0.6 % of what was settled, in fen, rounded down.
func (st *Settlement) rake() int64 {
	if st.Status != Succeeded {
		return 0
	}
	return st.Amount * 6 / 1000
}

// detail is settle_detail: who got how much, the seller last.
func (st *Settlement) detail() string {
	if st.Status == Failed {
		return ""
	}
	var out strings.Builder
	list, shares, _ := readReceivers(st.Params)
	if seller := st.Amount - shares; seller > 0 {
		list = append(list, receiver{sellerUID, seller})
	}
	for i, r := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "商户号%s-分成金额(分)%d", r.uid, r.fen)
	}
	return out.String()
}

type querySettleAnswer struct {
	ok
	SettleInfo settleInfo `json:"settle_info"`
}

type settleInfo struct {
	SettleNo     string `json:"settle_no"`
	SettleAmount int64  `json:"settle_amount"`
	SettleStatus Status `json:"settle_status"`
	SettleDetail string `json:"settle_detail"`
	SettledAt    int64  `json:"settled_at"`
	Rake         int64  `json:"rake"`
	Commission   int64  `json:"commission"`
	CPExtra      string `json:"cp_extra"`
	Msg          string `json:"msg"`
}

func (s *Server) querySettle(c *call) (any, *refusal) {
	s.bank.mu.Lock()
	defer s.bank.mu.Unlock()
	st := s.bank.settlements[c.form.text("out_settle_no")]
	if st == nil || st.Dead {
		return nil, &refusal{codeNoSettlement, "结算记录不存在", ""}
	}
	return querySettleAnswer{SettleInfo: settleInfo{
		SettleNo: st.SettleNo, SettleAmount: st.Amount, SettleStatus: st.Status, SettleDetail: st.detail(),
		SettledAt: seconds(st.FinishedAt), Rake: st.rake(), CPExtra: st.cpExtra, Msg: st.Message,
	}}, nil
}

// settleTooEarly is the default of Config.SettleTooEarly. No list of settle's own codes is
// published (UNCONFIRMED).
const settleTooEarly = codeBusiness

// resultDelay is the default of Config.ResultDelay.
const resultDelay = 50 * time.Millisecond
