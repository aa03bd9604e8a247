package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

type clocks struct {
	skew  time.Duration
	times []store.Finding
	err   error
}

func (c clocks) Skew(context.Context) (time.Duration, error) { return c.skew, c.err }
func (c clocks) CheckTimes(context.Context) []store.Finding  { return c.times }

func TestClocks(t *testing.T) {
	for name, tt := range map[string]struct {
		clocks
		want string // how the last line begins
	}{
		"alike":  {clocks{skew: 1900 * time.Millisecond}, "ok    clock: agrees"},
		"ahead":  {clocks{skew: 20 * time.Minute}, "warn  clock: this machine is 20m0s ahead of the database. Cure: "},
		"behind": {clocks{skew: -2100 * time.Millisecond}, "warn  clock: this machine is 2.1s behind the database. Cure: "},
		"wrong loc": {
			clocks{times: []store.Finding{{Minor: true, What: "8h off", Cure: "set loc"}}},
			"warn  clock: 8h off. Cure: set loc",
		},
		"no database": {clocks{err: errors.New("gone")}, "FAIL  clock: gone"},
	} {
		results := Clocks(t.Context(), tt.clocks)
		if last := results[len(results)-1].String(); !strings.HasPrefix(last, tt.want) {
			t.Errorf("%s: %s, want %s", name, last, tt.want)
		}
	}
}
