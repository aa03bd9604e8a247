package assembly

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/cmd/internal/preview"
)

// TestThePreviewsOfTheReadyMadeLayouts compares what is shown of each row of the three shops with
// what Douyin must be told.
func TestThePreviewsOfTheReadyMadeLayouts(t *testing.T) {
	for _, name := range []string{"shopxo", "courses", "java"} {
		t.Run(name, func(t *testing.T) {
			s := loadOnMariaDB(t, name)
			if s == nil {
				return
			}
			desk := preview.Desk{Shop: s.store, Build: s.build, Now: time.Now}
			for id, want := range s.expected {
				p, err := desk.Order(t.Context(), id)
				switch {
				case want.NotPushed != "":
					if err != nil || p.Ignored == "" {
						t.Errorf("order %s (%s): %+v, %v", id, want.NotPushed, p, err)
					}
					continue
				case err != nil:
					t.Errorf("order %s: %v", id, err)
					continue
				case want.Refused != nil:
					if !slices.Contains(strings.Split(want.Column, "|"), p.Column()) {
						t.Errorf("order %s (%s): %q is in the way, want %s", id, want.Why, p.Column(), want.Column)
					}
					continue
				}
				s.compare(t, id, want, p.Push, p.Refused)
				if len(p.Warnings) > 0 {
					t.Logf("order %s (%s): %q", id, want.Why, p.Warnings)
				}
				var out bytes.Buffer
				if err := p.Print(&out, lang.English, time.UTC); err != nil || strings.Contains(out.String(), want.OpenID) {
					t.Errorf("order %s: %v, or its open_id is shown:\n%s", id, err, &out)
				}
			}
			if _, err := desk.Order(t.Context(), "4711"); !errors.Is(err, preview.ErrNoOrder) {
				t.Errorf("an order that nobody has: %v", err)
			}
			all, whole, err := desk.Newest(t.Context(), 0)
			if err != nil || !whole || len(all) < 5 {
				t.Errorf("the newest of each status: %d, %v, %v", len(all), whole, err)
			}
			seen := map[string]bool{}
			for _, p := range all {
				if seen[p.Status] {
					t.Errorf("two orders of status %q", p.Status)
				}
				seen[p.Status] = true
			}
		})
	}
}
