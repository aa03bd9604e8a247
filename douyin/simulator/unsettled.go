package simulator

var unsettledFields = []field{{"out_order_no", true, developerNumber}, {"out_item_order_no", false, text(0, 64)}}

type unsettledAnswer struct {
	ok
	Data unsettled `json:"data"`
}

type unsettled struct {
	OutOrderNo      string          `json:"out_order_no"`
	UnsettleAmount  int64           `json:"unsettle_amount"`
	UnsettleDetails unsettledDetail `json:"detail"`
}

type unsettledDetail struct {
	PayInfo     paidPart       `json:"pay_info"`
	RefundInfo  []refundedPart `json:"refund_info"`
	PaymentRake int64          `json:"payment_rake"`
	LifeRake    int64          `json:"life_rake"`
	Commission  int64          `json:"commission"`
}

type paidPart struct {
	OutOrderNo string `json:"out_order_no"`
	Amount     int64  `json:"amount"`
}

type refundedPart struct {
	OutRefundNo string `json:"out_refund_no"`
	Amount      int64  `json:"amount"`
}

// unsettleAmount answers unsettle_amount: what a settlement would move now, before the fee.
func (s *Server) unsettleAmount(c *call) (any, *refusal) {
	b := s.bank
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.payments[c.form.text("out_order_no")]
	if p == nil || p.Status != Succeeded {
		return nil, &refusal{codeNoRecord, "支付记录不存在", ""}
	}
	out := unsettled{OutOrderNo: p.OutOrderNo, UnsettleAmount: p.left()}
	out.UnsettleDetails.PayInfo = paidPart{p.OutOrderNo, p.Amount}
	out.UnsettleDetails.RefundInfo = []refundedPart{}
	out.UnsettleDetails.PaymentRake = p.left() * 6 / 1000
	if p.refunds > 0 {
		for _, no := range b.refundNos {
			if r := b.refunds[no]; r.OutOrderNo == p.OutOrderNo && r.Status == Succeeded {
				out.UnsettleDetails.RefundInfo = append(out.UnsettleDetails.RefundInfo, refundedPart{no, r.Amount})
			}
		}
	}
	return unsettledAnswer{Data: out}, nil
}
