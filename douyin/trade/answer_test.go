package trade

import (
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	a := RefundAnswer{OutRefundNo: RefundNo("motb9"), Page: Page{"pages/refund/detail", `{"id":"1"}`}, NotifyURL: "https://shop.example.com/cb?a=1&b=2"}
	want := `{"err_no":0,"err_tips":"success","data":{"out_refund_no":"DYmotb9","order_entry_schema":{"path":"pages/refund/detail","params":"{\"id\":\"1\"}"},` +
		`"notify_url":"https://shop.example.com/cb?a=1&b=2"}}`
	if got, err := a.Encode(); err != nil || string(got) != want {
		t.Errorf("%v %s", err, got)
	}
	a.NotifyURL, a.Page.Params = "", ""
	if got, err := a.Encode(); err != nil || string(got) != `{"err_no":0,"err_tips":"success","data":{"out_refund_no":"DYmotb9","order_entry_schema":{"path":"pages/refund/detail"}}}` {
		t.Errorf("%v %s", err, got)
	}
	a.NotifyURL = "http://127.0.0.1/"
	if _, err := a.Encode(); err == nil {
		t.Error("a plain address was taken")
	}
	if Taken != `{"err_no":0,"err_tips":"success"}` || !strings.Contains(NotTaken, `"err_no":1`) {
		t.Error("constant answers")
	}
	long := strings.Repeat("m", 64)
	for id, want := range map[string]string{
		"7308": "DY7308", strings.Repeat("m", 62): "DY" + strings.Repeat("m", 62), "a b": "DYc8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d",
	} {
		if got := RefundNo(id); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	if a, b := RefundNo(long), RefundNo(long+"x"); len(a) != 64 || a == b || a != RefundNo(long) {
		t.Error(a, b)
	}
}
