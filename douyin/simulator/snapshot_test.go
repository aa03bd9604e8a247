package simulator

import (
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What was written down is there again: the books are equal, and what was under way ends.
func TestASnapshotBringsTheBooksBack(t *testing.T) {
	first := New(Config{AppID: "tt1", ResultDelay: time.Hour})
	defer first.Close() //nolint:errcheck // it was only read
	if err := first.AddPaid("E1", 1980, time.Now()); err != nil {
		t.Fatal(err)
	}
	v, err := tree([]byte(`{"outOrderNo":"T1","totalAmount":500,"skuList":[{"skuId":"s","type":401}]}`))
	if err != nil {
		t.Fatal(err)
	}
	first.trade.mu.Lock()
	first.makeOrder("tt1", "data", "open", &v, time.Now())
	first.trade.mu.Unlock()
	if err := first.PayTrade("T1", 0, 0); err != nil {
		t.Fatal(err)
	}
	waits, err := first.AskRefund(AskedRefund{Order: "T1", Amount: 100, Audit: true, Reasons: []string{"no"}, Description: "words"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := first.Snapshot()
	if err != nil {
		t.Fatal(err)
	}

	second := New(Config{AppID: "tt1", ResultDelay: time.Millisecond})
	defer second.Close() //nolint:errcheck // it was only read
	if err := second.Restore(text); err != nil {
		t.Fatal(err)
	}
	for name, books := range map[string][2]any{
		"ecpay": {first.Money(), second.Money()}, "trade": {first.Trade(), second.Trade()}, "pushes": {first.Ledger(), second.Ledger()},
	} {
		a, b := asJSON(t, books[0]), asJSON(t, books[1])
		if a != b {
			t.Errorf("%s:\n%s\n%s", name, a, b)
		}
	}
	seq := regexp.MustCompile(`"seq":\d+`)
	once, again := asJSON(t, snapshotOf(t, first)), asJSON(t, snapshotOf(t, second))
	if seq.ReplaceAllString(once, "") != seq.ReplaceAllString(again, "") {
		t.Errorf("written down again it is another one:\n%s\n%s", once, again)
	}
	if n := second.trade.platformID(); strings.Contains(again, n) || n == first.trade.platformID() {
		t.Errorf("number %s is used again", n)
	}
	if err := second.AskAgain(waits); !errors.Is(err, ErrNoAsked) { // nobody listens: there is no address
		t.Errorf("asking again: %v", err)
	}
	if err := second.Pay("E1"); !errors.Is(err, ErrPaid) {
		t.Errorf("a paid order is paid again: %v", err)
	}
	if err := second.Restore(text); err == nil {
		t.Error("a simulator that holds something takes a snapshot")
	}
	if err := New(Config{}).Restore([]byte(`{"version":99}`)); err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Errorf("a snapshot of another version: %v", err)
	}
}

// No field is left out silently: whoever adds one to a record meets this list.
func TestASnapshotHasEveryField(t *testing.T) {
	for _, c := range []struct {
		record any
		fields int
	}{
		{orderRecord{}, 14}, {Payment{}, 21}, {Refund{}, 13}, {Settlement{}, 16}, {TradeOrder{}, 25}, {TradeRefund{}, 27}, {TradeSettlement{}, 20},
	} {
		if n := reflect.TypeOf(c.record).NumField(); n != c.fields {
			t.Errorf("%T has %d fields, and the snapshot was written for %d: see snapshot.go", c.record, n, c.fields)
		}
	}
}

func snapshotOf(t *testing.T, s *Server) json.RawMessage {
	t.Helper()
	text, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
