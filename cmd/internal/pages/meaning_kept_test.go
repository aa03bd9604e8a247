package pages

import (
	"testing"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/worker"
)

// What is said of an order of trade, and of its refund, is said in the reader's language.
func TestWhatDouyinKeepsIsSaidInBothLanguages(t *testing.T) {
	zh, en := lang{chinese: true}, lang{}
	for text, want := range map[string]string{
		worker.KeptAlone:              "该订单由抖音自行维护（通用交易系统），无需推送",
		worker.KeptUnpaid:             "该订单由抖音自行维护（通用交易系统），无需推送；未上报履约，因为尚不知其已支付",
		worker.KeptTold + "FULFILLED": "该订单由抖音自行维护（通用交易系统），无需推送；履约状态为 FULFILLED",
		"busy":                        "busy",
	} {
		if got := zh.recorded(text); got != want || en.recorded(text) != text {
			t.Errorf("%s: %s", text, got)
		}
	}
	if m := zh.failureMeaning(store.KindDenied, 0); m.Title != "退款已被拒绝" {
		t.Errorf("%+v", m)
	}
	for _, alarm := range []string{store.AlarmAuditDue, store.AlarmAutoSettle, store.AlarmUnknownOrder, store.AlarmNotUnderstood, store.AlarmContradiction} {
		if m := zh.alarmMeaning(alarm); m.Title == zh.meaning(unknownFailure).Title {
			t.Errorf("%s has no meaning", alarm)
		}
	}
}
