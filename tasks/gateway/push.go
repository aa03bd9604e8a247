package gateway

import (
	"net/http"
	"time"

	"github.com/hibiken/asynq"

	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/cut"
)

const (
	maxDelaySeconds = 86400
	maxOrders       = 500
)

// PushBody is what may be said about a push. All of it may be left out.
type PushBody struct {
	Revision     string      `json:"revision"`      // names the change; empty: a change of its own
	Cause        tasks.Cause `json:"cause"`         // empty: changed
	DelaySeconds int64       `json:"delay_seconds"` // 0..86400
}

// ManyBody asks for up to 500 pushes.
type ManyBody struct {
	Orders []struct { // at most 500
		OrderID string `json:"order_id"`
		PushBody
	} `json:"orders"`
}

// Words of Queued.Status.
const (
	StatusQueued      = "queued"      // on its way now, also where it was refused or given up before
	StatusKnown       = "known"       // the same change is on its way already, or was done within the last hour
	StatusRefused     = "refused"     // in a list only: mend the item, see problem
	StatusUnavailable = "unavailable" // in a list only: not known to be queued, ask again
)

// Queued is what became of one push.
type Queued struct {
	OrderID  string   `json:"order_id"` // the shop's key
	Status   string   `json:"status"`
	Revision string   `json:"revision,omitempty"` // the caller's, or the one that was made up: ask again with it
	TaskID   string   `json:"task_id,omitempty"`  // asynq's; empty: refused or unavailable
	Queue    string   `json:"queue,omitempty"`    // asynq's; empty: refused or unavailable
	Problem  *Problem `json:"problem,omitempty"`  // nil: queued or known
}

// ManyQueued answers a list, in its order.
type ManyQueued struct {
	Queued  int      `json:"queued"`  // on their way now
	Known   int      `json:"known"`   // asked for before
	Failed  int      `json:"failed"`  // refused or unavailable
	Results []Queued `json:"results"` // one for each order, in their order
}

func (b PushBody) wanted(orderID string) (tasks.Wanted, error) {
	w := tasks.Wanted{PushOrder: tasks.PushOrder{OrderID: orderID, Revision: b.Revision, Cause: b.Cause}.Named()}
	if err := w.Validate(); err != nil {
		return w, err
	}
	if b.DelaySeconds < 0 || b.DelaySeconds > maxDelaySeconds {
		return w, &tasks.PayloadError{Field: "delay_seconds", Reason: "want 0 to 86400"}
	}
	if b.DelaySeconds > 0 {
		w.Options = []asynq.Option{asynq.ProcessIn(time.Duration(b.DelaySeconds) * time.Second)}
	}
	return w, nil
}

func (g *Gateway) pushOne(w http.ResponseWriter, r *http.Request) error {
	var b PushBody
	if err := read(w, r, false, &b); err != nil {
		return err
	}
	want, err := b.wanted(r.PathValue("id"))
	if err != nil {
		return err
	}
	fresh, err := tasks.Enqueue(r.Context(), g.Queue, want.PushOrder, want.Options...)
	if err != nil {
		return unavailable("the queue cannot be reached: ask again with the same revision", err)
	}
	done := queued(want, fresh)
	if !fresh {
		return g.reply(w, http.StatusOK, done)
	}
	return g.reply(w, http.StatusAccepted, done)
}

func queued(want tasks.Wanted, fresh bool) Queued {
	q := Queued{OrderID: want.OrderID, Status: StatusKnown, Revision: want.Revision, TaskID: want.ID(), Queue: want.Queue()}
	if fresh {
		q.Status = StatusQueued
	}
	return q
}

// pushMany answers 202 when something was queued, 503 when nothing could be, and 200 otherwise;
// always with an answer for each, but for the 503.
func (g *Gateway) pushMany(w http.ResponseWriter, r *http.Request) error {
	var b ManyBody
	if err := read(w, r, true, &b); err != nil {
		return err
	}
	if n := len(b.Orders); n == 0 || n > maxOrders {
		return &tasks.PayloadError{Field: "orders", Reason: "want 1 to 500 orders"}
	}
	all := ManyQueued{Results: make([]Queued, len(b.Orders))}
	var good []tasks.Wanted
	var place []int // of good[i] in the list
	for i, o := range b.Orders {
		want, err := o.wanted(o.OrderID)
		if err != nil {
			all.Results[i] = Queued{OrderID: cut.Clean(o.OrderID, tasks.MaxIDBytes), Status: StatusRefused, Problem: itemProblem(err)}
			continue
		}
		good, place = append(good, want), append(place, i)
	}
	var down error
	for i, res := range tasks.EnqueueMany(r.Context(), g.Queue, good) {
		q := queued(good[i], res.Fresh)
		if res.Err != nil {
			down = res.Err
			q.Status, q.Problem = StatusUnavailable, itemProblem(unavailable("not known to be queued: ask again with the same revision", res.Err))
		}
		all.Results[place[i]] = q
	}
	return g.answerMany(w, all, down)
}

func (g *Gateway) answerMany(w http.ResponseWriter, all ManyQueued, down error) error {
	for _, q := range all.Results {
		switch q.Status {
		case StatusQueued:
			all.Queued++
		case StatusKnown:
			all.Known++
		default:
			all.Failed++
		}
	}
	switch {
	case all.Queued > 0:
		return g.reply(w, http.StatusAccepted, all)
	case down != nil && all.Known == 0:
		return unavailable("the queue cannot be reached: ask again", down)
	}
	return g.reply(w, http.StatusOK, all)
}

func itemProblem(err error) *Problem {
	p := problemOf(err)
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	return p
}
