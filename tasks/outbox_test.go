package tasks

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestFromOutboxNamesTheRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload []byte
		id      string
		cause   Cause
	}{
		"NULL":                      {nil, "push:123:outbox-9", CauseChanged},
		"empty":                     {[]byte(" "), "push:123:outbox-9", CauseChanged},
		"JSON null":                 {[]byte("null"), "push:123:outbox-9", CauseChanged},
		"a cause":                   {[]byte(`{"cause":"paid"}`), "push:123:outbox-9", CausePaid},
		"a revision of the shop's":  {[]byte(`{"revision":"paid"}`), "push:123:paid", CauseChanged},
		"the same order once more":  {[]byte(`{"order_id":"123"}`), "push:123:outbox-9", CauseChanged},
		"a field of tomorrow":       {[]byte(`{"tomorrow":1}`), "push:123:outbox-9", CauseChanged},
		"backfill travels its road": {[]byte(`{"cause":"backfill"}`), "push:123:outbox-9", CauseBackfill},
	} {
		t.Run(name, func(t *testing.T) {
			asked, err := FromOutbox("push", "123", c.payload, "9")
			if err != nil {
				t.Fatal(err)
			}
			if asked.Push == nil || asked.Push.ID() != c.id || asked.Push.Cause != c.cause {
				t.Errorf("got %+v, want id %s and cause %s", asked.Push, c.id, c.cause)
			}
		})
	}
}

func TestFromOutboxRefusesABadRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, order, payload, field string
	}{
		"unknown kind":         {"pusch", "1", "", "kind"},
		"empty kind":           {"", "1", "", "kind"},
		"no order":             {"push", "", "", "order_id"},
		"broken payload":       {"push", "1", "{", "payload"},
		"another order inside": {"push", "1", `{"order_id":"2"}`, "payload.order_id"},
		"unknown cause":        {"push", "1", `{"cause":"x"}`, "cause"},
		"wrong type":           {"push", "1", `{"cause":1}`, "cause"},
		"refund of nothing":    {"refund", "1", ``, "out_refund_no"},
		"refund of what":       {"refund", "1", `{"out_refund_no":"R1"}`, "amount_fen"},
		"refund in yuan":       {"refund", "1", `{"out_refund_no":"R1","amount_fen":0.5}`, "amount_fen"},
		"refund elsewhere":     {"refund", "1", `{"order_id":"2"}`, "payload.order_id"},
		"settle of nothing":    {"settle", "1", `null`, "out_settle_no"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := FromOutbox(c.kind, c.order, []byte(c.payload), "9")
			var bad *PayloadError
			if !errors.As(err, &bad) || bad.Field != c.field {
				t.Fatalf("got %v, want a *PayloadError of %s", err, c.field)
			}
		})
	}
}

func TestARowHandedOverTwiceIsOneTask(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	for i, want := range []bool{true, false} {
		asked, err := FromOutbox("push", "123", nil, "9")
		if err != nil {
			t.Fatal(err)
		}
		if fresh, err := Enqueue(context.Background(), redis.client, *asked.Push); err != nil || fresh != want {
			t.Errorf("hand-over %d: fresh %v, %v; want %v", i+1, fresh, err, want)
		}
	}
}

func TestWhatRowWritesFromOutboxReads(t *testing.T) {
	t.Parallel()
	push := PushOrder{OrderID: "123", Revision: "paid", Cause: CausePaid}
	refund := RefundRequest{OrderID: "123", OutRefundNo: "R1", AmountFen: 990, Reason: "a < b & 退", CPExtra: "x", NotifyURL: "https://shop.example/", DisableMsg: true, MsgPage: "pages/a"}
	settle := SettleRequest{OrderID: "123", OutSettleNo: "S1", Desc: "分账", Params: []Receiver{{"7027", 10}}, Finish: true, CPExtra: "x", NotifyURL: "https://shop.example/"}
	for _, c := range []struct {
		row  func() (Row, error)
		want Asked
		text string
	}{
		{push.Row, Asked{Push: &push}, `{"order_id":"123","revision":"paid","cause":"paid"}`},
		{refund.Row, Asked{Refund: &refund}, `{"order_id":"123","out_refund_no":"R1","amount_fen":990,"reason":"a < b & 退","cp_extra":"x","notify_url":"https://shop.example/","disable_msg":true,"msg_page":"pages/a"}`},
		{settle.Row, Asked{Settle: &settle}, `{"order_id":"123","out_settle_no":"S1","desc":"分账","params":[{"merchant_uid":"7027","amount_fen":10}],"finish":true,"cp_extra":"x","notify_url":"https://shop.example/"}`},
	} {
		row, err := c.row()
		if err != nil || string(row.Payload) != c.text || row.OrderID != "123" {
			t.Errorf("row %+v %s, %v\nwant %s", row, row.Payload, err, c.text)
		}
		got, err := FromOutbox(row.Kind, row.OrderID, row.Payload, "1")
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("read %+v, %v; want %+v", got, err, c.want)
		}
	}
	for name, row := range map[string]func() (Row, error){
		"push": PushOrder{}.Row, "refund": RefundRequest{OrderID: "1"}.Row, "settle": SettleRequest{OrderID: "1"}.Row,
	} {
		var bad *PayloadError
		if _, err := row(); !errors.As(err, &bad) {
			t.Errorf("%s: a bad request became a row: %v", name, err)
		}
	}
}

// Two rows have two names, also where the outbox counts its ids anew; read twice, a row has one.
func TestARowOfTheOutboxHasANameOfItsOwn(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 123e6, time.UTC)
	name := RowName(7, at)
	if name != RowName(7, at.In(time.FixedZone("", 8*3600))) || name == RowName(7, at.Add(time.Millisecond)) || name == RowName(8, at) {
		t.Errorf("names %s, %s, %s", name, RowName(7, at.Add(time.Millisecond)), RowName(8, at))
	}
	asked, err := FromOutbox("push", "123", nil, name)
	if err != nil || asked.Push.ID() != "push:123:outbox-7-mm7gmbnf" {
		t.Errorf("%+v, %v", asked.Push, err)
	}
}
