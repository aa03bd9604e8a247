package pages_test

import (
	"net/url"
	"regexp"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/servertest"
)

// utc is a time that is written in UTC; tag is one of HTML, whose attributes are for programs.
var (
	utc = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
	tag = regexp.MustCompile(`<[^>]*>`)
)

// newYork runs a test on every back end, for operators in New York.
func newYork(t *testing.T, test func(t *testing.T, s *site, zone *time.Location)) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) {
		servertest.CreateShop(t, db)
		test(t, siteIn(t, db, servertest.Redis(t), zone), zone)
	})
}

// The deadline of an audit stood in UTC beside times of the operator's zone.
func TestTheTextsOfAnOrderHaveTheOperatorsZone(t *testing.T) {
	newYork(t, func(t *testing.T, s *site, zone *time.Location) {
		s.addOrder(t, 1, "x")
		s.asked(t, "DYsoon", 5*time.Hour)
		deadline := s.refund(t, "DYsoon").Audit.Deadline.In(zone).Format("2006-01-02 15:04:05 -07:00")
		v := s.as(t, "vera")
		v.sees("/orders/1", "Douyin agrees by itself at "+deadline)
		for _, path := range []string{"/", "/orders/1", "/audits", "/lists/audits", "/lists/refunds", "/load", "/who", "/health", "/lists/refunds/csv"} {
			if found := utc.FindString(tag.ReplaceAllString(v.sees(path), " ")); found != "" {
				t.Errorf("%s says %s", path, found)
			}
		}
	})
}

// A time that an address has in another form than a browser's field takes was put there as it was,
// and the field stood empty.
func TestTheFieldsOfATimeTakeWhatTheAddressHas(t *testing.T) {
	newYork(t, func(t *testing.T, s *site, _ *time.Location) {
		v := s.as(t, "vera")
		for typed, want := range map[string]string{
			"2026-11-30T10:37:00+00:00":  "2026-11-30T05:37",
			"2026-07-01T10:37:09.5Z":     "2026-07-01T06:37:09.5",
			"2026-11-30T10:37:00.00005Z": "2026-11-30T05:37:00",
			"2026-11-30T10:37":           "2026-11-30T10:37",
			"2026-11-30 10:37:08":        "2026-11-30T10:37:08",
			"2026-11-30":                 "2026-11-30T00:00",
			"":                           "",
		} {
			for _, path := range []string{"/lists/refunds", "/failures"} {
				q := url.Values{"since": {typed}, "until": {typed}}.Encode()
				v.sees(path+"?"+q, `name="since" value="`+want+`" type="datetime-local"`, `name="until" value="`+want+`" type="datetime-local"`)
			}
		}
	})
}
