package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
)

const (
	usualRows = 50
	mostRows  = 1000
)

// list is a command that prints rows of one of our tables, as lines or as a JSON array.
type list[T any] struct {
	limit  int
	asJSON bool

	read  func(ctx context.Context, a *assembly.Assembly, st *store.Store, limit int) ([]T, error)
	head  string // column names with tabs between
	cells func(row T, at func(*time.Time) string) []any
	lang  lang.Lang
}

// command gives cmd the list's flags and its work.
func (l *list[T]) command(p *process, cmd *cobra.Command) *cobra.Command {
	cmd.Args, l.lang = cobra.NoArgs, p.lang
	cmd.Flags().IntVar(&l.limit, "limit", usualRows, fmt.Sprintf("how many rows, 1 to %d", mostRows))
	cmd.Flags().BoolVar(&l.asJSON, "json", false, "print a JSON array")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if l.limit < 1 || l.limit > mostRows {
			return usagef("--limit: want 1 to %d, found %d", mostRows, l.limit)
		}
		return p.with(cmd.Context(), []string{"mysql.dsn"}, answering(func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
			st, err := a.Store()
			if err != nil {
				return err
			}
			rows, err := l.read(ctx, a, st, l.limit)
			if err != nil {
				return err
			}
			if l.asJSON {
				return p.printJSON(append([]T{}, rows...))
			}
			return l.lines(p, rows)
		}))
	}
	return cmd
}

func (l *list[T]) lines(p *process, rows []T) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(p.out, l.lang.T("there are none"))
		return err
	}
	w := l.lang.Table(p.out)
	w.Text(l.lang.T(l.head))
	for _, row := range rows {
		w.Row(l.cells(row, func(t *time.Time) string {
			return cmp.Or(p.moment(t), "-")
		})...)
	}
	return w.Flush()
}

// failedRow is an order that was refused or given up.
type failedRow struct {
	OrderID  string     `json:"order_id"`
	Outcome  string     `json:"outcome"` // refused or gave_up
	Kind     string     `json:"kind"`
	Code     int        `json:"code"`
	Message  string     `json:"message"`
	LogID    string     `json:"log_id,omitempty"`
	FailedAt time.Time  `json:"failed_at"`
	DueAt    *time.Time `json:"due_at,omitempty"` // when it is asked for again; absent: not by itself
}

func newFailures(p *process) *cobra.Command {
	var kind string
	var code int
	l := &list[failedRow]{head: "order\toutcome\treason\tcode\tfailed at\tasked again at\twords"}
	cmd := l.command(p, &cobra.Command{
		Use:     "failures",
		Short:   "Orders that were refused or given up, the newest failure first",
		Example: "  ordersync failures --limit 20\n  ordersync failures --kind rejected --code 40012 --json",
	})
	cmd.Flags().StringVar(&kind, "kind", "", "only those with this reason: incomplete, rejected, payload …")
	cmd.Flags().IntVar(&code, "code", 0, "only those with this code of Douyin's, with --kind; without it all of them")
	l.read = func(ctx context.Context, _ *assembly.Assembly, st *store.Store, limit int) (out []failedRow, err error) {
		q := store.FailureQuery{Limit: limit}
		switch {
		case kind == "" && cmd.Flags().Changed("code"):
			return nil, usagef("--code: goes with --kind")
		case cmd.Flags().Changed("code"):
			q.Code = &code
		}
		q.Kind = kind
		found, err := st.Failures(ctx, q)
		for i := range found.Orders {
			f := &found.Orders[i]
			out = append(out, failedRow{f.OrderID, string(f.Outcome), f.Kind, f.Code, f.Message, f.LogID, f.FailedAt, f.DueAt})
		}
		return out, err
	}
	l.cells = func(r failedRow, at func(*time.Time) string) []any {
		return []any{r.OrderID, r.Outcome, r.Kind, r.Code, at(&r.FailedAt), at(r.DueAt), p.lang.Say(r.Message)}
	}
	return cmd
}

// refundRow is a refund as a list shows it.
type refundRow struct {
	OutRefundNo string     `json:"out_refund_no"`
	OrderID     string     `json:"order_id"`
	AmountFen   int64      `json:"amount_fen"`
	State       string     `json:"state"`
	RefundNo    string     `json:"refund_no,omitempty"`
	Alarm       string     `json:"alarm,omitempty"`
	Kind        string     `json:"kind,omitempty"`
	Code        int        `json:"code,omitempty"`
	Message     string     `json:"message,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	DueAt       *time.Time `json:"due_at,omitempty"` // when Douyin is asked, or sent it; absent: it has ended
	FinishedAt  *time.Time `json:"finished_at,omitempty"`
}

func newRefunds(p *process) *cobra.Command {
	var order string
	var alarm bool
	l := &list[refundRow]{head: "refund\torder\tfen\tstate\tDouyin's number\tasked for at\tnext at\tended at\treason"}
	cmd := l.command(p, &cobra.Command{
		Use:     "refunds",
		Short:   "Refunds that have not ended, those of one order, or those with an alarm",
		Example: "  ordersync refunds\n  ordersync refunds --order 1001\n  ordersync refunds --alarm --json",
	})
	cmd.Flags().StringVar(&order, "order", "", "all refunds of this order, named by its key or a number of it")
	cmd.Flags().BoolVar(&alarm, "alarm", false, "those whose alarm nobody has acknowledged")
	l.read = func(ctx context.Context, a *assembly.Assembly, st *store.Store, limit int) (out []refundRow, err error) {
		var found []store.Instruction
		switch {
		case order != "" && alarm:
			return nil, usagef("--order, --alarm: want one of both")
		case order != "":
			var id string
			if id, err = p.orderOf(ctx, a, order); err == nil {
				found, err = st.Instructions(ctx, store.Refund, id)
			}
		case alarm:
			found, err = st.Alarms(ctx, store.Refund, limit)
		default:
			found, err = st.OpenInstructions(ctx, store.Refund, limit)
		}
		for i := range found[:min(len(found), limit)] {
			r := &found[i]
			row := refundRow{
				OutRefundNo: r.Number, OrderID: r.OrderID, AmountFen: int64(r.Amount), State: string(r.State), RefundNo: r.PlatformNo,
				Kind: r.Kind, Code: r.Code, Message: r.Message, CreatedAt: r.CreatedAt, FinishedAt: r.FinishedAt,
			}
			if r.NeedsPerson() {
				row.Alarm = r.Alarm
			}
			if !r.State.Final() {
				row.DueAt = r.DueAt
			}
			out = append(out, row)
		}
		return out, err
	}
	l.cells = func(r refundRow, at func(*time.Time) string) []any {
		why := reason(p.lang, r.Kind, r.Code, r.Message)
		if r.Alarm != "" {
			why = p.lang.T("LOOK AT THIS (%s): %s", r.Alarm, why)
		}
		return []any{r.OutRefundNo, r.OrderID, r.AmountFen, r.State, r.RefundNo, at(&r.CreatedAt), at(r.DueAt), at(r.FinishedAt), why}
	}
	return cmd
}

// callbackRow is a callback as a list shows it.
type callbackRow struct {
	ID          int64      `json:"id"`
	Type        string     `json:"type"`
	Number      string     `json:"number"`
	Status      string     `json:"status"`
	OrderID     string     `json:"order_id,omitempty"`
	Alarm       string     `json:"alarm,omitempty"`
	Note        string     `json:"note,omitempty"`
	Deliveries  int        `json:"deliveries"`
	ReceivedAt  time.Time  `json:"received_at"`
	ForwardAt   *time.Time `json:"forward_due_at,omitempty"` // when it is handed on; absent: it is not, or was taken
	ForwardSays string     `json:"forward_message,omitempty"`
	ForwardedAt *time.Time `json:"forwarded_at,omitempty"`
}

func newCallbacks(p *process) *cobra.Command {
	l := &list[callbackRow]{head: "callback\ttype\tnumber\tstatus\torder\treceived at\ttimes\thanded on at\treason"}
	cmd := l.command(p, &cobra.Command{
		Use:     "callbacks",
		Short:   "Douyin's callbacks, the newest first, and whether the shop's own handler has taken them",
		Example: "  ordersync callbacks --limit 20 --json",
	})
	l.read = func(ctx context.Context, _ *assembly.Assembly, st *store.Store, limit int) (out []callbackRow, err error) {
		found, err := st.NewestCallbacks(ctx, limit)
		for _, c := range found {
			out = append(out, callbackRow{
				c.ID, c.Type, c.Number, c.Status, c.OrderID, c.Alarm, c.Note, c.Deliveries, c.ReceivedAt, c.Waits, c.ForwardSays, c.ForwardedAt,
			})
		}
		return out, err
	}
	l.cells = func(c callbackRow, at func(*time.Time) string) []any {
		why := c.Note
		if c.Alarm != "" {
			why = p.lang.T("LOOK AT THIS (%s): %s", c.Alarm, why)
		}
		switch said := p.lang.Say(c.ForwardSays); {
		case c.ForwardAt != nil:
			why += p.lang.T(" not taken yet: %s", said)
		case c.ForwardedAt == nil && said != "": // given up
			if c.Note != "" {
				why += "; "
			}
			why += said
		}
		return []any{c.ID, c.Type, c.Number, c.Status, c.OrderID, at(&c.ReceivedAt), c.Deliveries, at(c.ForwardedAt), why}
	}
	return cmd
}
