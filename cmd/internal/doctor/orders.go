package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/preview"
	"github.com/ordersync/ordersync/store"
)

// Newest is what Previews needs: a *preview.Desk.
type Newest interface {
	Newest(ctx context.Context, latest int) (all []preview.Preview, whole bool, err error)
}

// Orders is Previews over the desk that open makes. Where there is none there is nothing to say:
// Database tells why.
func Orders(ctx context.Context, open func(context.Context) (preview.Zoned, error)) []Result {
	desk, err := open(ctx)
	if err != nil {
		return nil
	}
	return Previews(ctx, &desk)
}

// Previews builds what Douyin would be told of the newest order of each status, and tells which of them
// could not be sent. One that could not is a warning, for the others travel; that none could is a
// failure: the description of the shop is wrong.
func Previews(ctx context.Context, desk Newest) []Result {
	const check = "orders"
	all, _, err := desk.Newest(ctx, 0)
	if err != nil {
		return []Result{warn(check, "the newest orders could not be previewed: "+err.Error(), "mend the shop's tables, or the SELECTs, first; a time that ran out needs an index on create_time")}
	}
	var out []Result
	sent, refused, ignored, kept := 0, 0, 0, 0
	for _, p := range all {
		switch {
		case p.Refused != nil:
			refused++
			out = append(out, warn(check, fmt.Sprintf("order %s could not be sent: %s", p.ID, p.Why()), "mend that, and look with: ordersync preview "+p.ID))
		case p.Ignored != "":
			ignored++
		case p.Kept != "":
			kept++
		default:
			sent++
		}
		for _, w := range p.Warnings {
			out = append(out, warn(check, "order "+p.ID+": "+w, "look with: ordersync preview "+p.ID))
		}
	}
	said := fmt.Sprintf("the newest of each status (%d): %d would be sent, %d could not, %d are not Douyin's business", len(all), sent, refused, ignored)
	if kept > 0 {
		said += fmt.Sprintf(", %d are of trade and kept by Douyin itself", kept)
	}
	switch {
	case len(all) == 0:
		return []Result{ok(check, "there are none yet to be previewed")}
	case sent+kept == 0 && refused > 0:
		return append([]Result{fail(check, said, "correct what describes the shop (shop.…): the lines below say what is missing")}, out...)
	}
	return append([]Result{ok(check, "%s", said)}, out...)
}

// Counted is what Statuses needs: a *store.Store.
type Counted interface {
	UnwordedStatuses(ctx context.Context, words []string, since time.Time, most int) (store.StatusCounts, error)
}

const (
	// countedOrders bounds how many of the newest orders are counted by status.
	countedOrders = 20_000
	// nonePaid is how many orders with statuses of no word make it sure, where none has a word of a paid one,
	// that the map is wrong and not the shop new.
	nonePaid = 20
	// shownStatuses bounds the lines, for a status that is a free text.
	shownStatuses = 10
)

// afterPaying are the words of orders that were paid for at some time.
var afterPaying = []string{"paid", "redeemed", "refunding", "refunded", "refund_failed"}

// Statuses counts the shop's orders whose status has no word of Douyin's: nobody ever pushes them.
// words has Douyin's word for each of the shop's values; nil: the shop has no status. That no value
// means paid is a failure.
func Statuses(ctx context.Context, shop Counted, words map[string]string) []Result {
	const check = "status"
	if words == nil {
		return []Result{ok(check, "the shop has none: every order is pushed as paid")}
	}
	c, err := shop.UnwordedStatuses(ctx, slices.Collect(maps.Keys(words)), time.Time{}, countedOrders)
	if err != nil {
		return []Result{warn(check, "orders could not be counted by status: "+err.Error(), "mend the shop's tables, or the SELECTs, first; a time that ran out needs an index on create_time")}
	}
	among := ""
	if !c.Whole {
		among = fmt.Sprintf(" among the newest %d", c.Read)
	}
	var unworded, paid int64
	for _, n := range c.Unworded {
		unworded += n
	}
	for value, n := range c.Worded {
		if slices.Contains(afterPaying, words[value]) {
			paid += n
		}
	}
	var out []Result
	means := slices.Contains(slices.Collect(maps.Values(words)), "paid")
	if !means || paid == 0 && unworded >= nonePaid {
		out = append(out, fail(check, fmt.Sprintf("no value of shop.status that the shop uses means paid: %d orders%s would never be pushed", unworded, among),
			"give the value of a paid order its word: shop.status: {\"<value>\": paid}"))
	}
	for i, value := range byCount(c.Unworded) {
		if i == shownStatuses {
			out = append(out, warn(check, fmt.Sprintf("%d other values have no word", len(c.Unworded)-i), "is shop.columns.status the right column?"))
			break
		}
		said := fmt.Sprintf("%q", value)
		if value == "" {
			said = "NULL or an empty text"
		}
		out = append(out, warn(check, fmt.Sprintf("%s has no word in shop.status: %s never pushed", said, counted(c.Unworded[value], among)),
			"give it a word (unpaid, paid, cancelled, redeemed, refunding, refunded, refund_failed), or keep such orders out by shop.filter or WHERE"))
	}
	if out == nil {
		out = append(out, ok(check, "every value of the orders%s has a word", among))
	}
	return out
}

// counted is "3 orders among the newest 20 are".
func counted(n int64, among string) string {
	if n == 1 {
		return "1 order" + among + " is"
	}
	return fmt.Sprintf("%d orders%s are", n, among)
}

// byCount are the values, the most frequent first.
func byCount(counts map[string]int64) []string {
	values := slices.Collect(maps.Keys(counts))
	slices.SortFunc(values, func(a, b string) int {
		if counts[a] != counts[b] {
			return int(counts[b] - counts[a])
		}
		return strings.Compare(a, b)
	})
	return values
}
