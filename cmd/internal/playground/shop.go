package playground

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
)

// paid is what the shop reads of a callback of a payment, of either system.
type paid struct {
	Number string `json:"cp_orderno"`   // of ecpay
	Modern string `json:"out_order_no"` // of trade
	Status string `json:"status"`
}

// Callbacks is the shop's own callback handler, to which verified callbacks are handed on: what was
// paid at Douyin is paid in the shop.
func Callbacks(shop *sampleshop.Shop) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var envelope struct{ Type, Msg string }
		var n paid
		raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err == nil {
			err = json.Unmarshal(raw, &envelope)
		}
		if err == nil && envelope.Type == "payment" {
			err = json.Unmarshal([]byte(envelope.Msg), &n)
		}
		if number := n.Number + n.Modern; err == nil && number != "" && n.Status == "SUCCESS" {
			err = shop.Exec(r.Context(), "UPDATE {order} SET status = ? WHERE id = ? AND status = ?", sampleshop.Paid, number, sampleshop.Unpaid)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, `{"err_no":0,"err_tips":"success"}`)
	})
}
