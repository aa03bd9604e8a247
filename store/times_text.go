package store

import (
	"context"
	"fmt"

	"github.com/ordersync/ordersync/store/cell"
)

// sampledTimes is how many of a column's texts are looked at from each end of the keys.
const sampledTimes = 100

// textTimes looks at the texts of a column that holds times as text. The sweep finds orders there by comparing
// texts, so a form that does not compare as its times do loses orders, or finds them a day late.
func (s *Store) textTimes(ctx context.Context) (findings []Finding) {
	r, err := s.reading(ctx)
	if err != nil || s.sql.sqlite {
		return nil // what cannot be read is said elsewhere; SQLite has no other type for a time
	}
	for _, column := range r.TextTimes() {
		var odd, found int
		for _, down := range []bool{false, true} {
			texts, err := r.SampleTimes(ctx, s.querier(ctx), column, down, sampledTimes)
			if err != nil {
				return []Finding{failed(column, err, "mend the shop's order table first")}
			}
			for _, text := range texts {
				if found++; !cell.Sorts(text) {
					odd++
				}
			}
			if len(texts) < sampledTimes {
				break // these are all
			}
		}
		if odd == 0 {
			continue
		}
		findings = append(findings, Finding{
			What: fmt.Sprintf("%s is text, and %d of %d looked at are not written as YYYY-MM-DD hh:mm:ss: compared as texts they are no times, and the sweep misses orders", column, odd, found),
			Cure: fmt.Sprintf("let shop.sql answer a DATETIME as %s, such as STR_TO_DATE(made, '%%Y/%%m/%%d %%H:%%i:%%s')", column),
		})
	}
	return findings
}
