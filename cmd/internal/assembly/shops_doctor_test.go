package assembly

import (
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/doctor"
	"github.com/ordersync/ordersync/cmd/internal/preview"
)

// examine is what doctor says of a layout's database, one line a result, and how many of them are
// failures.
func (s *sampleLayout) examine(t *testing.T) (said string, failures int) {
	t.Helper()
	desk := &preview.Desk{Shop: s.store, Build: s.build, Now: time.Now}
	results := doctor.Database(t.Context(), s.store)
	results = append(results, doctor.Previews(t.Context(), desk)...)
	results = append(results, doctor.Statuses(t.Context(), s.store, shopWords(s.cfg.Shop))...)
	results = append(results, doctor.Clocks(t.Context(), s.store)...)
	for _, r := range results {
		if r.Level == doctor.Failure {
			failures++
		}
		said += r.String() + "\n"
	}
	return said, failures
}

// As shipped the layouts lack indexes on their times, and some of their orders cannot be sent:
// doctor warns of both and passes.
func TestDoctorPassesTheReadyMadeLayouts(t *testing.T) {
	for name, want := range map[string][]string{
		"shopxo": {"warn  mysql: a page of the sweep by updated_at reads table sxo_order whole", "ok    orders: the newest of each status", "ok    status: every value"},
		"courses": {
			"Cure: CREATE INDEX add_time ON `eb_store_order` (`add_time`)", "ok    mysql: explained: the lines of an order goes through indexes",
		},
		"java": {"ok    mysql: explained: a page of the sweep by updated_at", "two rows for order 18"},
	} {
		t.Run(name, func(t *testing.T) {
			s := loadOnMariaDB(t, name)
			if s == nil {
				return
			}
			said, failures := s.examine(t)
			if failures > 0 {
				t.Errorf("%d failures:\n%s", failures, said)
			}
			for _, w := range want {
				if !strings.Contains(said, w) {
					t.Errorf("no %q in\n%s", w, said)
				}
			}
			t.Log("\n" + said)
		})
	}
}

// A SELECT that asks for a value of the status that the configuration does not know keeps those
// orders from Douyin.
func TestDoctorFindsAMapWithoutThePaidValue(t *testing.T) {
	s := loadOnMariaDB(t, "java")
	if s == nil {
		return
	}
	s.exec("UPDATE t_order SET status = 'BRAND_NEW' WHERE status <> 'NEW'")
	s.exec("UPDATE t_order SET paid = 0")
	s.cfg.Shop.Status = map[string]string{}
	s.cfg.Shop.SQL.Order = strings.Replace(s.cfg.Shop.SQL.Order, "END AS status", "ELSE o.status END AS status", 1)
	s.reopen(t)
	said, _ := s.examine(t)
	if !strings.Contains(said, `warn  status: "BRAND_NEW" has no word in shop.status: `) {
		t.Errorf("BRAND_NEW is not told:\n%s", said)
	}
}
