package store

import (
	"errors"
	"slices"
	"testing"
)

func TestOptionsAreTheSameTextEveryTime(t *testing.T) {
	if text, err := encodeOptions(RefundOptions{}); err != nil || text != "" {
		t.Errorf("nothing set: %q, %v", text, err)
	}
	for range 2 {
		text, err := encodeOptions(RefundOptions{CPExtra: "x", NotifyURL: "https://shop.example/?a=1&b=2", DisableMsg: true, MsgPage: "p"})
		if want := `{"cp_extra":"x","notify_url":"https://shop.example/?a=1\u0026b=2","disable_msg":true,"msg_page":"p"}`; err != nil || text != want {
			t.Errorf("got %s, %v; want %s", text, err, want)
		}
	}
	if text, err := encodeOptions(SettleOptions{NotifyURL: "https://shop.example/"}); err != nil || text != `{"notify_url":"https://shop.example/"}` {
		t.Errorf("%s, %v", text, err)
	}
}

func TestReceiversAreTheSameTextEveryTime(t *testing.T) {
	if text, err := encodeReceivers(nil); err != nil || text != "" {
		t.Errorf("no receivers: %q, %v", text, err)
	}
	all := []Receiver{{"7044", 30}, {"a&b", 1}}
	for range 2 {
		text, err := encodeReceivers(all)
		if want := `[{"merchant_uid":"7044","amount":30},{"merchant_uid":"a&b","amount":1}]`; err != nil || text != want {
			t.Errorf("got %s, %v; want %s", text, err, want)
		}
		i := Instruction{Money: Settlement, Params: text}
		if back, err := i.Receivers(); err != nil || !slices.Equal(back, all) {
			t.Errorf("read back %+v, %v", back, err)
		}
	}
}

func TestWhatWasWrittenDownIsReadBack(t *testing.T) {
	refund := RefundOptions{CPExtra: "x", NotifyURL: "https://shop.example/?a=1&b=2", DisableMsg: true, MsgPage: "p"}
	text, err := encodeOptions(refund)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := (&Instruction{Money: Refund, Options: text}).RefundOptions(); err != nil || back != refund {
		t.Errorf("%+v, %v", back, err)
	}
	settle := SettleOptions{CPExtra: "x"}
	if text, err = encodeOptions(settle); err != nil {
		t.Fatal(err)
	}
	if back, err := (&Instruction{Money: Settlement, Options: text}).SettleOptions(); err != nil || back != settle {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestAColumnThatCannotBeReadIsNamed(t *testing.T) {
	refund, settle := Instruction{Money: Refund, Options: "{"}, Instruction{Money: Settlement, Options: "[", Params: "{}"}
	_, ofRefund := refund.RefundOptions()
	_, ofSettle := settle.SettleOptions()
	_, ofParams := settle.Receivers()
	for column, err := range map[string]error{
		"ordersync_refund.options": ofRefund, "ordersync_settlement.options": ofSettle, "ordersync_settlement.settle_params": ofParams,
	} {
		var corrupt *CorruptRowError
		if !errors.As(err, &corrupt) || corrupt.Table+"."+corrupt.Column != column {
			t.Errorf("%v, want a *CorruptRowError about %s", err, column)
		}
	}
}
