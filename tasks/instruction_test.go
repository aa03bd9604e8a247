package tasks

import (
	"errors"
	"strings"
	"testing"
)

func goodRefund() RefundRequest {
	return RefundRequest{OrderID: "123", OutRefundNo: "R1", AmountFen: 1, Reason: "用户取消订单"}
}

func goodSettle() SettleRequest {
	return SettleRequest{OrderID: "123", OutSettleNo: "S1", Desc: "分账"}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var bad *PayloadError
	if !errors.As(err, &bad) || bad.Field != field {
		t.Errorf("got %v, want a *PayloadError of %s", err, field)
	}
}

func TestRefundRequestHoldsDouyinsLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*RefundRequest)
		field  string
	}{
		"as small as it gets":     {func(*RefundRequest) {}, ""},
		"no order":                {func(r *RefundRequest) { r.OrderID = "" }, "order_id"},
		"no number":               {func(r *RefundRequest) { r.OutRefundNo = "" }, "out_refund_no"},
		"longest number":          {func(r *RefundRequest) { r.OutRefundNo = strings.Repeat("a", 64) }, ""},
		"number too long":         {func(r *RefundRequest) { r.OutRefundNo = strings.Repeat("a", 65) }, "out_refund_no"},
		"all allowed signs":       {func(r *RefundRequest) { r.OutRefundNo = "azAZ09_-*" }, ""},
		"number with a dot":       {func(r *RefundRequest) { r.OutRefundNo = "1.2" }, "out_refund_no"},
		"nothing":                 {func(r *RefundRequest) { r.AmountFen = 0 }, "amount_fen"},
		"less than nothing":       {func(r *RefundRequest) { r.AmountFen = -1 }, "amount_fen"},
		"as much as Douyin takes": {func(r *RefundRequest) { r.AmountFen = 10_000_000_000 }, ""},
		"more":                    {func(r *RefundRequest) { r.AmountFen = 10_000_000_001 }, "amount_fen"},
		"no reason":               {func(r *RefundRequest) { r.Reason = " \u3000" }, "reason"},
		"longest reason":          {func(r *RefundRequest) { r.Reason = strings.Repeat("退", 33) + "x" }, ""},
		"reason too long":         {func(r *RefundRequest) { r.Reason = strings.Repeat("退", 34) }, "reason"},
		"reason not UTF-8":        {func(r *RefundRequest) { r.Reason = "\xcd\xcb" }, "reason"},
		"extra too long":          {func(r *RefundRequest) { r.CPExtra = strings.Repeat("x", 2049) }, "cp_extra"},
		"notify over http":        {func(r *RefundRequest) { r.NotifyURL = "http://shop.example/cb" }, "notify_url"},
		"notify on another port":  {func(r *RefundRequest) { r.NotifyURL = "https://shop.example:8443/cb" }, "notify_url"},
		"notify over https":       {func(r *RefundRequest) { r.NotifyURL = "https://shop.example:443/cb?a=1" }, ""},
		"notify with a password":  {func(r *RefundRequest) { r.NotifyURL = "https://u:p@shop.example/" }, "notify_url"},
		"notify without a host":   {func(r *RefundRequest) { r.NotifyURL = "https:///cb" }, "notify_url"},
		"notify too long":         {func(r *RefundRequest) { r.NotifyURL = "https://shop.example/" + strings.Repeat("x", 256) }, "notify_url"},
		"page too long":           {func(r *RefundRequest) { r.MsgPage = strings.Repeat("x", 1025) }, "msg_page"},
	} {
		t.Run(name, func(t *testing.T) {
			r := goodRefund()
			c.change(&r)
			wantField(t, r.Validate(), c.field)
		})
	}
}

func TestSettleRequestHoldsDouyinsLimits(t *testing.T) {
	t.Parallel()
	receivers := func(n int, fen int64) []Receiver {
		var rs []Receiver
		for range n {
			rs = append(rs, Receiver{"70270395621615393650", fen})
		}
		return rs
	}
	for name, c := range map[string]struct {
		change func(*SettleRequest)
		field  string
	}{
		"as small as it gets":    {func(*SettleRequest) {}, ""},
		"no order":               {func(s *SettleRequest) { s.OrderID = "" }, "order_id"},
		"no number":              {func(s *SettleRequest) { s.OutSettleNo = "" }, "out_settle_no"},
		"no description":         {func(s *SettleRequest) { s.Desc = "" }, "desc"},
		"longest description":    {func(s *SettleRequest) { s.Desc = strings.Repeat("账", 80) }, ""},
		"description too long":   {func(s *SettleRequest) { s.Desc = strings.Repeat("a", 81) }, "desc"},
		"four receivers":         {func(s *SettleRequest) { s.Params = receivers(4, 1) }, ""},
		"five receivers":         {func(s *SettleRequest) { s.Params = receivers(5, 1) }, "params"},
		"a receiver of nothing":  {func(s *SettleRequest) { s.Params = []Receiver{{"1", 5}, {"2", 0}} }, "params[1].amount_fen"},
		"a receiver nobody":      {func(s *SettleRequest) { s.Params = []Receiver{{"", 5}} }, "params[0].merchant_uid"},
		"a receiver too long":    {func(s *SettleRequest) { s.Params = []Receiver{{strings.Repeat("7", 33), 5}} }, "params[0].merchant_uid"},
		"more than an order has": {func(s *SettleRequest) { s.Params = receivers(2, 6_000_000_000) }, "params"},
		"extra too long":         {func(s *SettleRequest) { s.CPExtra = strings.Repeat("x", 2049) }, "cp_extra"},
		"notify over http":       {func(s *SettleRequest) { s.NotifyURL = "http://shop.example/cb" }, "notify_url"},
	} {
		t.Run(name, func(t *testing.T) {
			s := goodSettle()
			c.change(&s)
			wantField(t, s.Validate(), c.field)
		})
	}
}
