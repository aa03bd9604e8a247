package admin

import (
	"encoding/json"
	"time"
	"unicode/utf8"
)

const (
	hiddenText    = "(hidden)"
	maxShownBytes = 64
)

// showPayload is what asynqmon shows of a task's payload: the fields that name an order or a number, when it was asked for, and how many others
// there are. A task names and does not carry, so today there are none; a producer in another language may not know that.
func showPayload(_ string, payload []byte) string {
	var all map[string]any
	if err := json.Unmarshal(payload, &all); err != nil {
		return hiddenText
	}
	shown := map[string]any{}
	for _, name := range []string{"order_id", "revision", "cause", "out_refund_no", "out_settle_no"} {
		if text, ok := all[name].(string); ok && len(text) <= maxShownBytes && utf8.ValidString(text) {
			shown[name] = text
		}
	}
	if ms, ok := all["asked_at"].(float64); ok && ms > 0 && ms < 1e14 {
		shown["asked_at"] = time.UnixMilli(int64(ms)).UTC().Format(time.RFC3339)
	}
	if n := len(all) - len(shown); n > 0 {
		shown[hiddenText] = n
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return hiddenText
	}
	return string(text)
}
