package simulator

import (
	"cmp"
	"fmt"
	"slices"
)

// movedWrongly is what the movements of a ledger tell by themselves: what moved twice, in the order of
// the movements, and then the orders of which more left than came in, by their numbers. unit stands behind
// the amounts in the texts.
func movedWrongly(movements []Movement, unit string) (out []Anomaly) {
	type sums struct{ paid, refunded, settled int64 }
	seen, orders := map[string]bool{}, map[string]*sums{}
	for _, m := range movements {
		id := m.Kind + " " + m.Number
		if seen[id] {
			out = append(out, Anomaly{MovedTwice, m.OutOrderNo, m.Number, fmt.Sprintf("%s of %d%s again", m.Kind, m.Amount, unit)})
		}
		seen[id] = true
		if orders[m.OutOrderNo] == nil {
			orders[m.OutOrderNo] = &sums{}
		}
		switch o := orders[m.OutOrderNo]; m.Kind {
		case "payment":
			o.paid += m.Amount
		case "refund":
			o.refunded += m.Amount
		case "settle":
			o.settled += m.Amount
		}
	}
	var overdrawn []Anomaly
	for no, o := range orders {
		if o.refunded > o.paid || o.settled > o.paid {
			overdrawn = append(overdrawn, Anomaly{Overdrawn, no, no, fmt.Sprintf("paid %d, refunded %d, settled %d%s", o.paid, o.refunded, o.settled, unit)})
		}
	}
	slices.SortFunc(overdrawn, func(a, b Anomaly) int { return cmp.Compare(a.OutOrderNo, b.OutOrderNo) })
	return append(out, overdrawn...)
}
