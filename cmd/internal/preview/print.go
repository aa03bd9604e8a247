package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

const masked = "***"

// unit is update_time's, as the configuration calls it.
func unit(u douyin.TimeUnit) string {
	if u == douyin.Seconds {
		return "s"
	}
	return "ms"
}

// Why is what keeps the order from being sent, with the cell's name. Empty: nothing.
func (p Preview) Why() string {
	if p.Refused == nil {
		return ""
	}
	var field *douyin.FieldError
	if errors.As(p.Refused, &field) {
		return field.Field + " " + field.Reason
	}
	return p.Refused.Error()
}

// Column is the name of the cell that keeps the order from being sent: table and column, or a column of
// a SELECT, or Douyin's field where it cannot be told. Empty: nothing does.
func (p Preview) Column() string {
	var column *store.ColumnError
	var field *douyin.FieldError
	switch {
	case errors.As(p.Refused, &column) && column.Table != "":
		return column.Table + "." + column.Column
	case errors.As(p.Refused, &column):
		return column.Column
	case errors.As(p.Refused, &field):
		return field.Field
	}
	return ""
}

// Print writes the preview for a person, in a language; times in zone.
func (p Preview) Print(out io.Writer, l lang.Lang, zone *time.Location) error {
	var text strings.Builder
	w := l.Table(&text)
	line := func(name, value string) {
		w.Row(l.T(name), strings.Join(strings.Fields(p.mask(value)), " "))
	}
	line("order", p.ID)
	if p.Status != "" {
		line("shop's status", p.Status)
	}
	d := p.Push.Detail
	switch {
	case p.Ignored != "":
		line("NOT SENT", l.T("not Douyin's business: %s", l.Say(p.Ignored)))
	case p.Kept != "":
		line("system", string(store.Trade))
		line("NOT SENT", l.Say(p.Kept))
	case d.OrderID == "":
		line("NOT SENT", l.Say(p.Why()))
	default:
		if p.Refused != nil {
			line("NOT SENT", l.Say(p.Why()))
		}
		line("order_id", d.OrderID)
		line("order_status", fmt.Sprintf("%d %s (%s)", int(p.Push.Status), p.Push.Status.Text(), p.Push.Status))
		line("open_id", masked)
		payment := p.Push.PaymentOrderNo
		if payment == "" {
			payment = l.T("none")
		}
		line("payment_order_no", payment)
		line("create_time", fmt.Sprintf("%s (%d)", time.UnixMilli(d.CreateTime).In(zone).Format("2006-01-02 15:04:05 -07:00 MST"), d.CreateTime))
		for i, item := range d.Items {
			line(l.T("line %d", i+1), l.T("%s × %d, %d fen, %s", item.Title, item.Amount, item.Price, item.Img))
			if item.ItemCode != "" {
				line("", "item_code "+item.ItemCode)
			}
		}
		line("total_price", l.T("%d fen", d.TotalPrice))
		line("amount", fmt.Sprintf("%d", d.Amount))
		line("detail_url", d.DetailURL)
		line("update_time", l.T("%d (unit: %s)", p.Push.UpdateTime, unit(p.Unit)))
	}
	for _, warning := range p.Warnings {
		line("LOOK AT THIS", l.Say(warning))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(out, p.mask(text.String()))
	return err
}

// mask takes the open_id out of a text.
func (p Preview) mask(text string) string {
	if p.Push.OpenID == "" {
		return text
	}
	return strings.ReplaceAll(text, p.Push.OpenID, masked)
}

// shown is a preview as JSON.
type shown struct {
	Order          string          `json:"order"`
	ShopStatus     string          `json:"shop_status,omitempty"`
	Sent           bool            `json:"would_be_sent"`
	NotDouyins     string          `json:"not_douyins,omitempty"`
	Kept           string          `json:"kept,omitempty"`
	Fulfil         string          `json:"fulfil,omitempty"`
	Refused        string          `json:"refused,omitempty"`
	Column         string          `json:"column,omitempty"`
	OpenID         string          `json:"open_id,omitempty"`
	OrderStatus    *int            `json:"order_status,omitempty"`
	PaymentOrderNo *string         `json:"payment_order_no,omitempty"`
	UpdateTime     int64           `json:"update_time,omitempty"`
	UpdateTimeUnit string          `json:"update_time_unit"`
	Detail         json.RawMessage `json:"order_detail,omitempty"`
	Warnings       []string        `json:"warnings"`
}

// MarshalJSON has order_detail as it would be sent, open_id masked wherever it stands.
func (p Preview) MarshalJSON() ([]byte, error) {
	s := shown{
		Order: p.ID, ShopStatus: p.Status, Sent: p.Sent(), NotDouyins: p.Ignored, Kept: p.Kept, Fulfil: p.Fulfil, Refused: p.Why(), Column: p.Column(),
		UpdateTimeUnit: unit(p.Unit), Warnings: append([]string{}, p.Warnings...),
	}
	if p.Push.Detail.OrderID != "" {
		status, payment := int(p.Push.Status), p.mask(p.Push.PaymentOrderNo)
		detail, err := p.Push.MaskedDetail()
		if err != nil {
			return nil, err
		}
		s.OpenID, s.OrderStatus, s.PaymentOrderNo, s.UpdateTime, s.Detail = masked, &status, &payment, p.Push.UpdateTime, detail
	}
	return json.Marshal(s)
}
