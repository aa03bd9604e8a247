package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// Which callbacks count, and which are kept for a person and do nothing.
func TestOnlyOurOwnUnderstoodCallbacksCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, msg, kept, note string
		result                gateway.CallbackResult
	}{
		{"refund", `{"appid":"tt1","cp_refundno":"R1","status":"SUCCESS","refund_amount":1}`, "", "", gateway.CallbackAccepted},
		{"refund", `{"app_id":"tt1","cp_refundno":"R1","status":"SUCCESS","refund_amount":1}`, "", "", gateway.CallbackAccepted},
		{"refund", `{"cp_refundno":"R1","status":"SUCCESS","refund_amount":1}`, "", "", gateway.CallbackAccepted},
		{"refund", `{"appid":"tt2","cp_refundno":"R1","status":"SUCCESS","refund_amount":1}`, store.AlarmForeignApp, "tt2", gateway.CallbackForeign},
		{"settle", `{"appid":"tt2","cp_settle_no":"S1"}`, store.AlarmForeignApp, "tt2", gateway.CallbackForeign},
		{"payment", `{"appid":{},"cp_orderno":"1","status":"SUCCESS","total_amount":1}`, store.AlarmForeignApp, "{}", gateway.CallbackForeign},
		{"payment", `{"appid":"tt1","cp_orderno":"1","status":"SUCCESS"}`, store.AlarmNotUnderstood, "total_amount", gateway.CallbackMalformed},
		{"payment", `{"appid":"tt1","cp_orderno":"` + strings.Repeat("1", 65) + `","status":"SUCCESS","total_amount":1}`, store.AlarmNotUnderstood, "cp_orderno", gateway.CallbackMalformed},
		{"payment", `{"appid":"tt1","cp_orderno":"1","status":"success","total_amount":1}`, store.AlarmNotUnderstood, "status", gateway.CallbackMalformed},
		{"", `{"appid":"tt1","cp_orderno":"1","status":"SUCCESS","total_amount":1}`, store.AlarmUnknownType, "", gateway.CallbackMalformed},
		{"brand_new", `{}`, store.AlarmUnknownType, "brand_new", gateway.CallbackMalformed},
		{"withdraw", `{"withdraw_at":1}`, "", "", gateway.CallbackAccepted},
	} {
		body, err := douyin.EncodeCallback("token", c.kind, "1704067200", "4242", c.msg)
		if err != nil {
			t.Fatal(err)
		}
		verified, err := douyin.VerifyCallback(body, "token")
		if err != nil {
			t.Fatal(err)
		}
		row := stored(verified)
		if got := (Callbacks{AppID: "tt1"}).keep(verified.AppID(), verified.Unread, &row); got != c.result || row.Kept != c.kept || row.Note != c.note {
			t.Errorf("%s %s: %s, %q, %q; want %s, %q, %q", c.kind, c.msg, got, row.Kept, row.Note, c.result, c.kept, c.note)
		}
		if row.Key == "" {
			t.Errorf("%s %s has no key", c.kind, c.msg)
		}
	}
}

// A time that no column takes kept a payment from being stored at every delivery.
func TestATimeOutsideTheYears2000To2100IsNotTold(t *testing.T) {
	t.Parallel()
	for s, told := range map[int64]bool{0: false, -1: false, 946684799: false, 946684800: true, 1704067200: true, 4133980799: true, 4133980800: false, 1e18: false} {
		if at := seconds(s); at.IsZero() == told || told && !at.Equal(time.Unix(s, 0)) {
			t.Errorf("%d: %v", s, at)
		}
	}
}
