package inbox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/cut"
)

// maxPayloadBytes is the gateway's limit for a body.
const maxPayloadBytes = 64 << 10

// ErrRefused says that an entry was understood and can never be handed over, such as a refund whose
// number is known with another amount. Whoever hands over wraps it; the entry goes to the dead
// stream.
var ErrRefused = errors.New("inbox: refused")

// Entry is one entry of the stream, checked: exactly one field of Asked is set. A push has its
// cause and its revision.
type Entry struct {
	ID string // Redis's, "<milliseconds>-<number>"
	tasks.Asked
}

// Kind is tasks.KindPush, KindRefund, KindSettle or KindAudit.
func (e Entry) Kind() string {
	switch {
	case e.Refund != nil:
		return tasks.KindRefund
	case e.Settle != nil:
		return tasks.KindSettle
	case e.Audit != nil:
		return tasks.KindAudit
	}
	return tasks.KindPush
}

// read checks one entry. The error is a *tasks.PayloadError.
func read(m redis.XMessage) (Entry, error) {
	field := func(name string) string {
		text, _ := m.Values[name].(string)
		return text
	}
	kind, orderID, payload := field("kind"), field("order_id"), field("payload")
	switch {
	case kind == "":
		return Entry{}, &tasks.PayloadError{Field: "kind", Reason: "is missing"}
	case len(payload) > maxPayloadBytes:
		return Entry{}, &tasks.PayloadError{Field: "payload", Reason: fmt.Sprintf("has %d bytes, at most %d are allowed", len(payload), maxPayloadBytes)}
	case !utf8.ValidString(payload):
		return Entry{}, &tasks.PayloadError{Field: "payload", Reason: "is not valid UTF-8"}
	case kind == tasks.KindPush:
		return readPush(m.ID, orderID, field("cause"), field("revision"), payload)
	}
	asked, err := tasks.FromOutbox(kind, orderID, []byte(payload), "")
	return Entry{m.ID, asked}, err
}

func readPush(id, orderID, cause, revision, payload string) (Entry, error) {
	if payload != "" {
		return Entry{}, &tasks.PayloadError{Field: "payload", Reason: "is not for a push: use the fields cause and revision"}
	}
	if revision == "" {
		revision = "inbox-" + id
	}
	p := tasks.PushOrder{OrderID: orderID, Cause: tasks.Cause(cause), Revision: revision}.Named()
	p.AskedAt = tasks.Moment(writtenAt(id))
	return Entry{id, tasks.Asked{Push: &p}}, p.Validate()
}

// writtenAt is when an entry was added, Unix milliseconds, as its id begins; 0: it does not.
func writtenAt(id string) int64 {
	ms, _, _ := strings.Cut(id, "-")
	at, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return 0
	}
	return at
}

// refusal is the reason why an entry can never be handed over; ok is false when err may pass.
func refusal(err error) (reason string, ok bool) {
	var bad *tasks.PayloadError
	if errors.As(err, &bad) || errors.Is(err, ErrRefused) {
		return cut.To(cut.Plain(err.Error()), maxReasonBytes), true
	}
	return "", false
}
