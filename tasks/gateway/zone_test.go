package gateway_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/ordersync/ordersync/tasks/gateway"
)

// fill puts at into every time of v, and one element into every list.
func fill(v reflect.Value, at time.Time) (times int) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(at))
		return 1
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), at)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0), at)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			times += fill(v.Field(i), at)
		}
	}
	return times
}

// count counts the texts of an answer that are want.
func count(v any, want string) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, of := range v {
			n += count(of, want)
		}
	case []any:
		for _, of := range v {
			n += count(of, want)
		}
	case string:
		if v == want {
			n++
		}
	}
	return n
}

func TestEveryTimeOfAnAnswerIsInTheZone(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 123456789, time.UTC)
	for _, answer := range []any{&gateway.OrderStatus{}, &gateway.RefundPage{}, &gateway.SettlementStatus{}, &gateway.TradePaymentStatus{}} {
		times := fill(reflect.ValueOf(answer).Elem(), at)
		before, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		for zone, want := range map[*time.Location]string{
			time.FixedZone("", -5*60*60): "2026-03-01T03:00:00.123-05:00", time.FixedZone("", 8*60*60): "2026-03-01T16:00:00.123+08:00", nil: "2026-03-01T08:00:00.123Z",
		} {
			text, err := json.Marshal(gateway.InZone(answer, zone))
			var read any
			if err != nil || json.Unmarshal(text, &read) != nil || times == 0 || count(read, want) != times {
				t.Errorf("%T: %v, want %d times %s in\n%s", answer, err, times, want, text)
			}
		}
		if after, err := json.Marshal(answer); err != nil || string(after) != string(before) {
			t.Errorf("%T itself has changed, %v", answer, err)
		}
	}
}

func TestWhatIsNoTimeStaysAsItIs(t *testing.T) {
	for _, answer := range []any{
		gateway.OrderStatus{OrderID: "7"}, &gateway.RefundPage{}, []string{"2026-03-01T08:00:00.123456Z"}, json.RawMessage(`{"at":"2026-03-01T08:00:00Z"}`), []int(nil), "x", 7, true,
		struct{ At time.Time }{}, map[string]int{"a": 1},
	} {
		want, _ := json.Marshal(answer)
		got, err := json.Marshal(gateway.InZone(answer, time.FixedZone("", 3*60*60)))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	if gateway.InZone(nil, nil) != nil {
		t.Error("nil")
	}
}
