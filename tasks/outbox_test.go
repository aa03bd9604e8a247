package tasks

import (
	"context"
	"errors"
	"testing"
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
			asked, err := FromOutbox("push", "123", c.payload, 9)
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
	} {
		t.Run(name, func(t *testing.T) {
			_, err := FromOutbox(c.kind, c.order, []byte(c.payload), 9)
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
		asked, err := FromOutbox("push", "123", nil, 9)
		if err != nil {
			t.Fatal(err)
		}
		if fresh, err := Enqueue(context.Background(), redis.client, *asked.Push); err != nil || fresh != want {
			t.Errorf("hand-over %d: fresh %v, %v; want %v", i+1, fresh, err, want)
		}
	}
}
