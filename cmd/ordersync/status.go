package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/desk"
	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/cut"
	"github.com/ordersync/ordersync/tasks/gateway"
)

func newStatus(p *process) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [ORDER]",
		Short: "The whole system at a glance; with ORDER, a key or a number of it, what we and Douyin know of that order",
		Long: "Without ORDER: processes, queues, Douyin, what waits, failures by reason, alarms. Exit code 1 where a part of that could not be read.\n" +
			"With ORDER, its key or any number of it: its state, last answer, log id, history, payment, refunds and settlements. A payment, refund\n" +
			"or settlement that belongs to no order of the shop's is shown by its number.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
					return p.glance(ctx, a, asJSON)
				})
			}
			return p.with(cmd.Context(), []string{"mysql.dsn"}, answering(func(ctx context.Context, _ *configs.Config, a *assembly.Assembly) error {
				orders, err := a.Lookup()
				if err != nil {
					return err
				}
				id, what, err := orders.Find(ctx, args[0])
				if errors.Is(err, desk.ErrNoOrder) {
					return p.unowned(ctx, orders, args[0], asJSON)
				}
				if err != nil {
					return err
				}
				order, found, err := orders.OrderStatus(ctx, id)
				switch {
				case err != nil:
					return err
				case !found:
					return fmt.Errorf("order %q: neither the shop nor ordersync has it", id)
				case asJSON:
					return p.printJSON(order)
				}
				return p.printStatus(order, p.foundBy(args[0], what))
			}))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: of an order, what GET /v1/orders/{id} answers")
	return cmd
}

// printJSON prints v as the API answers it: times in the operator's zone. What a terminal would obey
// is \u….
func (p *process) printJSON(v any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(gateway.InZone(v, p.zone)); err != nil {
		return err
	}
	_, err := p.out.Write(cut.PlainJSON(text.Bytes()))
	return err
}

// moment is a time as RFC 3339 has it, in the operator's zone; empty for nil.
func (p *process) moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(p.zone).Format(time.RFC3339)
}

func (p *process) printStatus(o gateway.OrderStatus, found string) error {
	l, moment := p.lang, p.moment
	w := l.Table(p.out)
	line := func(name, value string) {
		if value != "" {
			w.Row(l.T(name), value)
		}
	}
	line("order", o.OrderID)
	line("found by", found)
	if o.OrderNo != o.OrderID {
		line("order_id at Douyin", o.OrderNo)
	}
	line("shop's status", o.ShopStatus)
	line("outcome", o.Outcome)
	line("system", o.System)
	line("fulfilment told", o.Fulfilled)
	line("Douyin holds", held(l, &o, moment))
	line("reason", reason(l, o.Kind, o.Code, o.Message))
	line("log id", o.LogID)
	if o.Attempts > 0 {
		line("attempts since success", strconv.Itoa(o.Attempts))
	}
	line("pushed at", moment(o.PushedAt))
	line("asked again at", moment(o.DueAt))
	for _, r := range o.PutAside {
		line("LOOK AT THIS", l.T("a %s that the shop wrote into ordersync_outbox at %s was put aside: %s", l.T(r.Kind), moment(&r.WrittenAt), l.Say(r.Reason)))
	}
	if o.Payment != nil {
		printPayments(w, l, []gateway.OrderPayment{*o.Payment}, moment)
	}
	printMoney(w, l, o.Refunds, o.Settlements, moment)
	if len(o.History) > 0 {
		w.Text(l.T("\nat\tcall\tnumber\tattempt\tcause\toutcome\ttook\treason"))
	}
	for _, e := range o.History {
		w.Row(moment(&e.At), e.Call, e.Number, e.Attempt, e.Cause, e.Outcome, fmt.Sprintf("%dms", e.DurationMS), reason(l, e.Kind, e.Code, e.Message))
	}
	return w.Flush()
}

// foundBy says what a number was taken for.
func (p *process) foundBy(number string, what store.MatchKind) string {
	is := map[store.MatchKind]string{
		store.MatchOrder: "its key", store.MatchOrderNo: "its order_id at Douyin", store.MatchRefund: "out_refund_no", store.MatchSettlement: "out_settle_no",
		store.MatchDouyinOrder: "Douyin's number of its payment", store.MatchDouyinRefund: "Douyin's number of its refund",
		store.MatchDouyinSettlement: "Douyin's number of its settlement",
	}[what]
	return p.lang.T(is) + ", " + number
}

// held is what Douyin holds, or what it has confirmed last, with its time.
func held(l lang.Lang, o *gateway.OrderStatus, moment func(*time.Time) string) string {
	switch h, last := o.Douyin, o.Confirmed; {
	case h != nil:
		return fmt.Sprintf("%s (%s), update_time %d", h.Text, h.Status, h.UpdateTime)
	case last != nil && last.Open:
		return l.T("%s (%s), confirmed at %s; an attempt since then is open", last.Text, last.Status, moment(&last.At))
	case last != nil:
		return l.T("%s (%s), confirmed at %s; an attempt since then has failed", last.Text, last.Status, moment(&last.At))
	}
	return l.T("not known")
}

// reason is empty for a success.
func reason(l lang.Lang, kind string, code int, message string) string {
	var parts []string
	for _, s := range []string{kind, l.Say(message)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	s := strings.Join(parts, ": ")
	if code != 0 {
		s += l.T(" (code %d)", code)
	}
	return s
}
