package simulator

var refundQueryRules = []fieldRule{
	{"refund_id", false, isText(1, 64)}, {"out_refund_no", false, isText(1, 64)}, {"order_id", false, isText(1, 64)},
}

type refundList struct {
	List []refundRow `json:"refund_list"`
}

type refundRow struct {
	OrderID     string      `json:"order_id"`
	RefundID    string      `json:"refund_id"`
	OutRefundNo string      `json:"out_refund_no"`
	Status      Status      `json:"refund_status"`
	Amount      int64       `json:"refund_total_amount"`
	CreateAt    int64       `json:"create_at"`           // milliseconds
	RefundAt    int64       `json:"refund_at,omitempty"` // milliseconds
	Source      int         `json:"refund_source"`
	Message     string      `json:"message"`
	Items       []TradePart `json:"item_order_detail"`
	Audit       refundAudit `json:"merchant_audit_detail"`
}

type refundAudit struct {
	Need     int    `json:"need_refund_audit"`               // 1 yes, 2 no
	Deadline int64  `json:"refund_audit_deadline,omitempty"` // milliseconds
	Status   Audit  `json:"audit_status"`
	Deny     string `json:"deny_message,omitempty"`
}

// needs is need_refund_audit.
func (r *TradeRefund) needs() int {
	if r.NeedsAudit {
		return 1
	}
	return 2
}

// mostRows bounds the answer of refund_query by order_id.
const mostRows = 50

// refundQuery answers refund_query: refund_id before out_refund_no before order_id.
func (s *Server) refundQuery(c *call, app string) (any, *refusal) {
	t, v := s.trade, &c.tree
	id, no, order := v.str("refund_id"), v.str("out_refund_no"), v.str("order_id")
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []*TradeRefund
	switch {
	case id != "":
		if r := t.byRefund[id]; r != nil && r.RefundID == id {
			found = append(found, r)
		}
	case no != "":
		if r := t.byRefund[own(app, no)]; r != nil {
			found = append(found, r)
		}
	case order != "":
		for _, r := range t.refunds {
			if r.OrderID == order && len(found) < mostRows {
				found = append(found, r)
			}
		}
	default:
		return nil, &refusal{codeTradeParameter, "参数错误", "refund_id, out_refund_no or order_id: one is needed"}
	}
	if len(found) == 0 {
		return nil, &refusal{codeTradeUnknown, "退款单不存在", ""}
	}
	if found[0].order.AppID != app {
		return nil, foreign
	}
	var out refundList
	for _, r := range found {
		row := refundRow{
			OrderID: r.OrderID, RefundID: r.RefundID, OutRefundNo: r.OutRefundNo, Status: r.Status, Amount: r.Amount,
			CreateAt: r.CreatedAt.UnixMilli(), Source: r.Source, Message: r.Message, Items: r.Items,
			Audit: refundAudit{r.needs(), millis(r.Deadline), r.Audit, r.DenyMessage},
		}
		if r.Status == Succeeded {
			row.RefundAt = millis(r.FinishedAt)
		}
		out.List = append(out.List, row)
	}
	return out, nil
}

var auditRules = []fieldRule{
	{"refund_id", true, isText(1, 64)},
	{"refund_audit_status", true, isInt(1, 2)},
	{"deny_message", false, isText(0, 512)},
}

// refundAudit answers refund_audit_callback.
func (s *Server) refundAudit(c *call, app string) (any, *refusal) {
	t, v, now := s.trade, &c.tree, s.cfg.Now()
	deny := v.num("refund_audit_status") == 2
	if deny && v.str("deny_message") == "" {
		return nil, &refusal{codeTradeParameter, "参数错误", "deny_message: is missing, and a no needs it"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.byRefund[v.str("refund_id")]
	state := func(reason string) (any, *refusal) {
		return nil, &refusal{codeTradeState, "退款单状态不允许审核", reason}
	}
	switch {
	case r == nil || r.RefundID != v.str("refund_id"):
		return nil, &refusal{codeTradeUnknown, "退款单不存在", ""}
	case r.order.AppID != app:
		return nil, foreign
	case !r.NeedsAudit:
		return state("it needs no audit")
	case r.Audit == AuditInit && r.Status == Processing:
		return nil, &refusal{codeAuditEarly, "退款单状态不允许，前置流程未完成", "pre_create_refund is not answered"}
	case r.Audit != AuditAwaited:
		if deny && r.Audit == AuditAgreed || !deny && r.Audit == AuditDenied {
			t.notice(SecondWord, r.OutOrderNo, r.RefundID, "")
		}
		return state("it was decided")
	case !now.Before(r.Deadline):
		return state("the deadline is over")
	}
	t.touchRefund(r)
	if deny {
		t.touchOrder(r.order)
		r.Audit, r.DenyMessage, r.Status = AuditDenied, v.str("deny_message"), s.cfg.Trade.DeniedStatus
		r.FinishedAt = now
		r.release(false)
		return nil, nil
	}
	r.Audit = AuditAgreed
	s.agree(c, r)
	return nil, nil
}
