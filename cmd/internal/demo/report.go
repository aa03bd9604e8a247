package demo

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
)

type sampleOrder = sampleshop.Order

// allRows is how many orders are shown in full; of more, only those with something to tell.
const allRows = 500

// tally is what the summary counts.
type tally struct {
	holds                            map[string]int
	right, refused, wrong            int
	retried, pushes, faults, quietly int
}

func (d *demo) report(ctx context.Context, took time.Duration) error {
	t := newTable(d.Out)
	t.AppendHeader(d.header("order", "yuan", "asked by", "the shop says", "Douyin holds", "pushes", "what happened"))
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 6, Align: text.AlignRight}, {Number: 7, WidthMax: 90, WidthMaxEnforcer: text.WrapSoft}})

	sum := tally{holds: map[string]int{}}
	for _, s := range d.stories {
		state, err := d.state(ctx, s)
		if err != nil {
			return err
		}
		row, remarkable := d.row(s, state, &sum)
		if remarkable || len(d.stories) <= allRows {
			t.AppendRow(row)
		} else {
			sum.quietly++
		}
	}
	fmt.Fprintln(d.Out)
	t.Render()
	if err := d.reportMoney(ctx); err != nil {
		return err
	}
	d.summary(sum, took)
	return nil
}

// header has the names of columns in the reader's language.
func (d *demo) header(names ...string) table.Row {
	row := make(table.Row, len(names))
	for i, name := range names {
		row[i] = d.Lang.T(name)
	}
	return row
}

// newTable is a table without a frame. Arrows and lines are as wide as a letter, as terminals of
// today show them in every locale: those of East Asia would have them twice as wide.
func newTable(out io.Writer) table.Writer {
	text.OverrideRuneWidthEastAsianWidth(false)
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SuppressTrailingSpaces()
	t.SetStyle(table.StyleLight)
	t.Style().Options.SeparateColumns = false
	t.Style().Options.DrawBorder = false
	t.Style().Format.Header = text.FormatDefault
	return t
}

func (d *demo) row(s *story, state store.OrderState, sum *tally) (row table.Row, remarkable bool) {
	held, _ := d.douyin.Order(s.id())
	holds := d.Lang.T("nothing")
	if held.Held {
		holds = held.StatusText
	}
	if at, found := d.atTrade(s); found {
		holds = "trade: " + string(at.PayStatus)
		if at.Items[0].Refunded == at.Items[0].Paid {
			holds = d.Lang.T("%s, paid back", holds)
		}
	}
	sum.holds[holds]++
	sum.pushes += held.Pushes
	met := d.faultsMet(held.History)
	if len(met) > 0 && s.broken == "" { // Douyin's refusal of a broken order is no fault
		sum.faults += len(met)
		sum.retried++
	}
	what := strings.Join(met, d.Lang.T(", then "))
	color := text.Colors{}
	switch {
	case !d.inStep(s, state):
		sum.wrong++
		what, color = d.Lang.T("NOT IN STEP: %s %s %s", state.Outcome, state.Kind, d.Lang.Say(state.Message)), text.Colors{text.FgRed}
	case s.broken != "":
		sum.refused++
		what, color = d.Lang.T("refused: %s", d.Lang.Say(state.Message)), text.Colors{text.FgYellow}
		if state.Code != 0 {
			what = d.Lang.T("refused by Douyin: %s (%d)", state.Message, state.Code)
		}
	default:
		sum.right++
	}
	if !d.Color {
		color = nil
	}
	return table.Row{s.id(), s.order.Amount, string(s.way), shopSays(s), toldDouyin(held, holds), held.Pushes, color.Sprint(what)}, what != ""
}

// toldDouyin is what Douyin was told in turn, as far as it took effect.
func toldDouyin(held simulator.Order, holds string) string {
	var told []string
	for _, p := range held.History {
		if p.Result == simulator.Accepted {
			told = append(told, p.StatusText)
		}
	}
	if told = slices.Compact(told); len(told) < 2 {
		return holds
	}
	return strings.Join(told, " → ")
}

func shopSays(s *story) string {
	words := []string{word(s.order.Status)}
	for _, l := range s.later {
		words = append(words, word(l))
	}
	return strings.Join(words, " → ")
}

func word(status int) string { return sampleshop.Words()[fmt.Sprint(status)] }

// faultsMet are the faults that stood in the way of an order's pushes, in plain words.
func (d *demo) faultsMet(history []simulator.Push) []string {
	var met []string
	for _, p := range history {
		switch {
		case p.Fault != "" && p.AnswerLost && p.Result != simulator.Faulted:
			met = append(met, d.Lang.T("%s, though it took effect", d.Lang.T(plain(p.Fault))))
		case p.Fault != "":
			met = append(met, d.Lang.T(plain(p.Fault)))
		case p.Result == simulator.Refused:
			met = append(met, d.Lang.T("refused with code %d", p.Code))
		}
	}
	return met
}

// plain says a fault as an operator would.
func plain(k simulator.Kind) string {
	switch k {
	case simulator.ServerError:
		return "HTTP 5xx"
	case simulator.BadRequest, simulator.TooMany:
		return "HTTP " + string(k)
	case simulator.Busy:
		return "busy (1001)"
	case simulator.SystemError, simulator.SystemErrorAfter:
		return "系统错误 (-1)"
	case simulator.Garbage, simulator.GarbageAfter:
		return "unreadable answer"
	case simulator.Hang:
		return "no answer"
	case simulator.CutBefore, simulator.CutAfter:
		return "connection cut"
	case simulator.TokenRevoked:
		return "token revoked"
	default: // of results and callbacks: not of a push
		return string(k)
	}
}

func (d *demo) summary(sum tally, took time.Duration) {
	var holds []string
	for _, h := range slices.Sorted(maps.Keys(sum.holds)) {
		holds = append(holds, fmt.Sprintf("%s %d", h, sum.holds[h]))
	}
	stats := d.douyin.Stats()
	if sum.quietly > 0 {
		fmt.Fprintln(d.Out, d.Lang.T("  (%d more orders arrived at once and are not shown)", sum.quietly))
	}
	fmt.Fprintln(d.Out, d.Lang.T("\nDouyin holds: %s.", strings.Join(holds, d.Lang.T(", "))))
	fmt.Fprintln(d.Out, d.Lang.T("%d orders in step with the shop, %d refused with a reason, %d wrong, in %.1f s.", sum.right, sum.refused, sum.wrong, took.Seconds()))
	fmt.Fprintln(d.Out, d.Lang.T("%d pushes reached Douyin; %d orders met %d faults and were tried again; %d access token(s) fetched; %d pushes made an order older.",
		sum.pushes, sum.retried, sum.faults, stats.TokensFetched, stats.Regressions))
}
