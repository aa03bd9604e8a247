package tasks

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hibiken/asynq"
)

func TestPushOrderValidateNamesTheField(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxIDBytes+1)
	for name, c := range map[string]struct {
		push  PushOrder
		field string // empty: valid
	}{
		"only an id":             {PushOrder{OrderID: "1"}, ""},
		"the longest id":         {PushOrder{OrderID: long[1:], Revision: long[1:]}, ""},
		"chinese id":             {PushOrder{OrderID: "订单7", Cause: CauseSweep}, ""},
		"no id":                  {PushOrder{Revision: "r"}, "order_id"},
		"id too long":            {PushOrder{OrderID: long}, "order_id"},
		"id with a colon":        {PushOrder{OrderID: "1:2"}, "order_id"},
		"id with a slash":        {PushOrder{OrderID: "1/2"}, "order_id"},
		"id with a space":        {PushOrder{OrderID: "1 2"}, "order_id"},
		"id with a wide space":   {PushOrder{OrderID: "1\u30002"}, "order_id"},
		"id with a control":      {PushOrder{OrderID: "1\u0085"}, "order_id"},
		"id that is not UTF-8":   {PushOrder{OrderID: "1\xff"}, "order_id"},
		"revision too long":      {PushOrder{OrderID: "1", Revision: long}, "revision"},
		"revision with a colon":  {PushOrder{OrderID: "1", Revision: "a:b"}, "revision"},
		"cause nobody knows":     {PushOrder{OrderID: "1", Cause: "whim"}, "cause"},
		"cause that is not text": {PushOrder{OrderID: "1", Cause: "\xff" + Cause(strings.Repeat("长", 99))}, "cause"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.push.Validate()
			if c.field == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var bad *PayloadError
			if !errors.As(err, &bad) || bad.Field != c.field {
				t.Fatalf("got %v, want a *PayloadError of %s", err, c.field)
			}
			if !utf8.ValidString(err.Error()) || len(err.Error()) > 256 {
				t.Errorf("error text is not short valid UTF-8: %q", err.Error())
			}
		})
	}
}

func TestEveryCauseHasAQueue(t *testing.T) {
	t.Parallel()
	for cause, queue := range map[Cause]string{
		"": "push", "paid": "push", "changed": "push", "callback": "push", "refund": "push", "manual": "push",
		"sweep": "sweep", "backfill": "backfill",
	} {
		p := PushOrder{OrderID: "1", Cause: cause}
		if err := p.Validate(); err != nil || p.Queue() != queue {
			t.Errorf("cause %q: queue %q, %v; want %q", cause, p.Queue(), err, queue)
		}
	}
}

func TestTaskCarriesIDQueueAndLimits(t *testing.T) {
	t.Parallel()
	task, err := PushOrder{OrderID: "7", Revision: "r1", Cause: CausePaid, AskedAt: 1764489600123}.Task()
	if err != nil {
		t.Fatal(err)
	}
	if task.Type() != "order:push" {
		t.Errorf("type %q", task.Type())
	}
	if got, want := string(task.Payload()), `{"order_id":"7","revision":"r1","cause":"paid","asked_at":1764489600123}`; got != want {
		t.Errorf("payload %s, want %s", got, want)
	}
	info, err := startRedis(t).client.Enqueue(task)
	if err != nil {
		t.Fatal(err)
	}
	if info.ID != "push:7:r1" || info.Queue != "push" || info.MaxRetry != 12 || info.Timeout != time.Minute || info.Retention != time.Hour {
		t.Errorf("id %q queue %q max retry %d timeout %v retention %v", info.ID, info.Queue, info.MaxRetry, info.Timeout, info.Retention)
	}
}

// Without it nobody knew how long a push took from its asking: the queue's time was in no figure.
func TestATaskTellsWhenItWasAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		push PushOrder
		opts []asynq.Option
		wait time.Duration // from now
		is   Moment        // instead of now and wait
	}{
		"now":                     {PushOrder{OrderID: "7"}, nil, 0, 0},
		"in an hour":              {PushOrder{OrderID: "7"}, []asynq.Option{asynq.ProcessIn(time.Hour)}, time.Hour, 0},
		"at a time":               {PushOrder{OrderID: "7"}, []asynq.Option{asynq.ProcessAt(time.Now().Add(time.Hour))}, time.Hour, 0},
		"at a time that is over":  {PushOrder{OrderID: "7"}, []asynq.Option{asynq.ProcessAt(time.Now().Add(-time.Hour))}, 0, 0},
		"with other options":      {PushOrder{OrderID: "7"}, []asynq.Option{asynq.Timeout(time.Hour)}, 0, 0},
		"it was asked for before": {PushOrder{OrderID: "7", AskedAt: 5}, []asynq.Option{asynq.ProcessIn(time.Hour)}, 0, 5},
	} {
		q := newFakeQueue()
		var payload string
		q.answer = func(p string) error { payload = p; return nil }
		if _, err := Enqueue(context.Background(), q, c.push, c.opts...); err != nil {
			t.Fatal(err)
		}
		p, err := ParsePushOrder(asynq.NewTask(TypePushOrder, []byte(payload)))
		if err != nil {
			t.Fatal(err)
		}
		off := time.Until(p.AskedAt.Time().Add(-c.wait)).Abs()
		if c.is != 0 && p.AskedAt != c.is || c.is == 0 && off > time.Minute {
			t.Errorf("%s: asked at %d, %v off", name, p.AskedAt, off)
		}
	}
}

func TestAMissingRevisionIsAChangeOfItsOwn(t *testing.T) {
	t.Parallel()
	a, b := PushOrder{OrderID: "7"}.Named(), PushOrder{OrderID: "7"}.Named()
	if a.Revision == "" || a.ID() == b.ID() {
		t.Errorf("ids %q and %q must differ", a.ID(), b.ID())
	}
	if a.Cause != CauseChanged {
		t.Errorf("cause %q, want changed", a.Cause)
	}
	if again := a.Named(); again != a {
		t.Errorf("naming twice changed %+v to %+v", a, again)
	}
}

func TestParsePushOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload string
		want    PushOrder
		field   string // of the *PayloadError; empty: parsed
	}{
		"all fields":             {`{"order_id":"7","revision":"r","cause":"paid"}`, PushOrder{OrderID: "7", Revision: "r", Cause: CausePaid}, ""},
		"with its time":          {`{"order_id":"7","asked_at":1764489600123}`, PushOrder{OrderID: "7", AskedAt: 1764489600123}, ""},
		"a time in words":        {`{"order_id":"7","asked_at":"noon"}`, PushOrder{OrderID: "7"}, ""},
		"a time as text":         {`{"asked_at":"1764489600123","order_id":"7"}`, PushOrder{OrderID: "7"}, ""},
		"half a millisecond":     {`{"asked_at":1.5,"order_id":"7"}`, PushOrder{OrderID: "7"}, ""},
		"a time beyond numbers":  {`{"asked_at":1e30,"order_id":"7"}`, PushOrder{OrderID: "7"}, ""},
		"a time that is a list":  {`{"asked_at":[{"order_id":"8"}],"order_id":"7"}`, PushOrder{OrderID: "7"}, ""},
		"no time":                {`{"asked_at":null,"order_id":"7"}`, PushOrder{OrderID: "7"}, ""},
		"a newer producer":       {`{"order_id":"7","colour":"red"}`, PushOrder{OrderID: "7"}, ""},
		"empty":                  {``, PushOrder{}, "payload"},
		"not JSON":               {`order 7`, PushOrder{}, "payload"},
		"null":                   {`null`, PushOrder{}, "order_id"},
		"a list":                 {`[]`, PushOrder{}, "payload"},
		"two objects":            {`{"order_id":"7"}{"order_id":"8"}`, PushOrder{}, "payload"},
		"number for the id":      {`{"order_id":7}`, PushOrder{}, "order_id"},
		"missing id":             {`{"revision":"r"}`, PushOrder{}, "order_id"},
		"cause of another world": {`{"order_id":"7","cause":"whim"}`, PushOrder{}, "cause"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParsePushOrder(asynq.NewTask(TypePushOrder, []byte(c.payload)))
			if c.field == "" {
				if err != nil || got != c.want {
					t.Fatalf("got %+v, %v; want %+v", got, err, c.want)
				}
				return
			}
			var bad *PayloadError
			if !errors.As(err, &bad) || bad.Field != c.field {
				t.Fatalf("got %v, want a *PayloadError of %s", err, c.field)
			}
		})
	}
}

func FuzzParsePushOrder(f *testing.F) {
	for _, seed := range []string{``, `null`, `{}`, `{"order_id":"7"}`, `{"order_id":7}`, `{"order_id":"\ud800"}`, "{\"order_id\":\"\xff\"}", `{"order_id":"7"}x`, `[1e999]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := ParsePushOrder(asynq.NewTask(TypePushOrder, payload))
		if err != nil {
			var bad *PayloadError
			if !errors.As(err, &bad) || bad.Field == "" || !utf8.ValidString(err.Error()) {
				t.Fatalf("error %q (%T) must be a *PayloadError of valid UTF-8", err, err)
			}
			return
		}
		task, err := p.Named().Task()
		if err != nil {
			t.Fatalf("%+v was parsed and cannot be asked again: %v", p, err)
		}
		again, err := ParsePushOrder(task)
		if p.AskedAt == 0 {
			again.AskedAt = 0
		}
		if err != nil || again != p.Named() && p.Revision != "" {
			t.Fatalf("%+v became %+v, %v", p, again, err)
		}
	})
}
