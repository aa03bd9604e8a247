package pages_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/glance"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// The variables of the measurements: so many orders, and a database of its own that keeps them.
const (
	listsVariable    = "ORDERSYNC_LISTS"
	listsDSNVariable = "ORDERSYNC_LISTS_DSN"
)

// fewOrders is how many orders there are where nobody asks for more: in each large table some rows
// more than a page may read.
const fewOrders = 120_000

// mostRead bounds the rows that the database reads for one page: two looks of store.ListWindow rows
// at a list, the start page's counts, and the bar's.
const mostRead = 260_000

// mostTime is what each list is promised to take on ten million orders.
const mostTime = 300 * time.Millisecond

// measured is one thing that somebody looks at.
type measured struct {
	what, how string
	look      func(t *testing.T, v *visitor)
}

// page looks at a page.
func page(what, how, path string) measured {
	return measured{what, how, func(t *testing.T, v *visitor) {
		t.Helper()
		if body, status := v.get(path); status != http.StatusOK {
			t.Fatalf("GET %s: %d\n%.500s", path, status, body)
		}
	}}
}

// csvBegin reads the first thousand rows of a file, and goes.
func csvBegin(what, how, path string) measured {
	return measured{what, how, func(t *testing.T, v *visitor) {
		t.Helper()
		answer, err := v.Get(v.site.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close() //nolint:errcheck // the rest is not wanted
		lines := bufio.NewScanner(answer.Body)
		n := 0
		for n < 1000 && lines.Scan() {
			n++
		}
		if answer.StatusCode != http.StatusOK || n == 0 || lines.Err() != nil {
			t.Fatalf("GET %s: %d, %d lines, %v", path, answer.StatusCode, n, lines.Err())
		}
	}}
}

// Each list, with each filter, in both orders, at its begin, its middle and its end, answers within
// bounds: of rows that are read always, of time where ORDERSYNC_LISTS asks for a number of orders.
func TestListsReadWithinBounds(t *testing.T) {
	db, n, asked := manyOrders(t)
	if db == nil {
		return // the reason is in the log
	}
	s := siteOver(t, db, servertest.Redis(t))
	v := s.as(t, "vera")
	rounds := 1
	if asked {
		rounds = 5
	}
	for _, m := range s.everything(t) {
		var first, best time.Duration
		read := 0
		for round := range rounds {
			before := handlerReads(t, db)
			began := time.Now()
			m.look(t, v)
			took := time.Since(began)
			read = handlerReads(t, db) - before
			if round == 0 {
				first, best = took, took
			}
			best = min(best, took)
		}
		t.Logf("| %s | %s | %.1f | %.1f | %d |", m.what, m.how, ms(best), ms(first), read)
		if read > mostRead {
			t.Errorf("%s, %s: the database read %d rows of %d orders", m.what, m.how, read, n)
		}
		if asked && best > mostTime {
			t.Errorf("%s, %s: %v, want %v at most", m.what, m.how, best, mostTime)
		}
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// manyOrders is a database with the rows of n orders. It is nil where the test does not run.
func manyOrders(t *testing.T) (db *gorm.DB, n int, asked bool) {
	t.Helper()
	n = fewOrders
	if text := os.Getenv(listsVariable); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < fewOrders {
			t.Fatalf("%s=%q: want a number of orders, %d at least", listsVariable, text, fewOrders)
		}
		asked = true
	} else if !servertest.Long(t) {
		return nil, 0, false
	}
	dsn := os.Getenv(listsDSNVariable)
	if dsn == "" {
		server := servertest.StartMySQL(t)
		if server == nil {
			return nil, 0, false
		}
		dsn = server.NewDatabase(t)
	}
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if !db.Migrator().HasTable("order") {
		servertest.CreateShop(t, db)
	}
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fillTables(t, db, n)
	return db, n, asked
}

// handlerReads is how many rows the server has read so far.
func handlerReads(t *testing.T, db *gorm.DB) (read int) {
	t.Helper()
	rows, err := db.Raw("SHOW GLOBAL STATUS LIKE 'Handler_read%'").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(name, "deleted") {
			read += n
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return read
}

// place is where a page in the middle of a list begins, as addresses have it. by is empty where the
// key alone makes the order.
func (s *site) place(t *testing.T, table, key, by, where string) string {
	t.Helper()
	order, at := "`"+key+"`", "NULL"
	if by != "" {
		order, at = "`"+by+"`, "+order, "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', `"+by+"`) DIV 1000"
	}
	var n int
	if err := s.db.Raw("SELECT COUNT(*) FROM `" + table + "` WHERE " + where).Row().Scan(&n); err != nil {
		t.Fatal(err)
	}
	var middle string
	var ms *int64
	if err := s.db.Raw("SELECT `"+key+"`, "+at+" FROM `"+table+"` WHERE "+where+" ORDER BY "+order+" LIMIT 1 OFFSET ?", n/2).Row().Scan(&middle, &ms); err != nil {
		t.Fatal(err)
	}
	if ms == nil {
		return "-" + middle
	}
	return fmt.Sprintf("%d-%s", *ms, middle)
}

// everything is all that is measured.
func (s *site) everything(t *testing.T) (all []measured) {
	t.Helper()
	month := time.Now().UTC().Add(-30 * 24 * time.Hour).Format("2006-01-02")
	of := func(what, path, middle string, filters ...string) {
		all = append(all, page(what, "all, first page", path))
		all = append(all, page(what, "turned round (its last page)", path+"?turn=1"))
		if middle != "" {
			all = append(all, page(what, "in the middle", path+"?after="+url.QueryEscape(middle)))
			all = append(all, page(what, "in the middle, back", path+"?before="+url.QueryEscape(middle)))
		}
		for _, filter := range filters {
			all = append(all, page(what, filter, path+"?"+filter))
			all = append(all, page(what, filter+", turned round", path+"?"+filter+"&turn=1"))
		}
		file := path + "/csv"
		if path == "/failures" {
			file = "/failures.csv"
		}
		all = append(all, csvBegin(what, "CSV, the first thousand", file))
	}
	of("orders", "/lists/orders", s.place(t, "ordersync_order", "order_id", "", "order_id > '200'"),
		"state=pushed", "state=refused", "state=ignored", "state=pending", "kind=incomplete", "code=40015", "since="+month, "until="+month, "text=2000001", "text=nobody")
	of("waiting", "/lists/waiting", s.place(t, "ordersync_order", "order_id", "due_at", "due_at IS NOT NULL"),
		"state=retrying", "state=pending", "kind=unavailable", "code=7", "since="+month, "until="+month, "text=00001", "text=nobody")
	money := []string{"state=failed", "state=succeeded", "state=sending", "state=new", "kind=rejected", "code=2012", "code=7", "alarm=1", "since=" + month, "until=" + month, "least=900", "most=1.01", "text=00001", "text=nobody", "state=succeeded&text=nobody"}
	of("refunds", "/lists/refunds", s.place(t, "ordersync_refund", "out_refund_no", "created_at", "1 = 1"), money...)
	of("settlements", "/lists/settlements", s.place(t, "ordersync_settlement", "out_settle_no", "created_at", "1 = 1"), money...)
	of("payments", "/lists/payments", s.place(t, "ordersync_payment", "out_order_no", "created_at", "1 = 1"),
		"state=SUCCESS", "state=FAIL", "state=CANCEL", "alarm=1", "since="+month, "until="+month, "least=900", "most=12.31", "text=00001", "text=nobody")
	of("callbacks", "/lists/callbacks", s.place(t, "ordersync_callback", "id", "", "1 = 1"),
		"state=FAIL", "state=CANCEL", "kind=refund", "kind=none", "alarm=1", "since="+month, "until="+month, "text=00001", "text=nobody")
	of("calls", "/lists/calls", s.place(t, "ordersync_log", "id", "", "1 = 1"),
		"state=refused", "state=gave_up", "kind=rejected", "kind=none", "code=40012", "code=7", "since="+month, "until="+month, "text=00001", "text=nobody")
	of("bad outbox rows", "/lists/outbox", s.place(t, "ordersync_outbox_bad", "no", "", "1 = 1"), "kind=refund", "kind=none", "alarm=1", "since="+month, "text=00001", "text=nobody")
	of("failures", "/failures", s.place(t, "ordersync_order", "order_id", "failed_at", "failed_at IS NOT NULL"),
		"kind=incomplete", "kind=rejected&code=40015", "kind=none", "cause="+url.QueryEscape("product.column_2"), "code=40015", "since="+month, "until="+month, "text=00001", "text=item_list", "text=nobody", "text="+url.QueryEscape("课程"))
	var number struct{ refund, settlement, payment int }
	for table, into := range map[string]*int{"ordersync_refund": &number.refund, "ordersync_settlement": &number.settlement, "ordersync_payment": &number.payment} {
		if err := s.db.Raw("SELECT COUNT(*) FROM `" + table + "`").Row().Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range []measured{
		page("what needs a person", "the start page", "/"),
		page("load", "the last hour", "/load?span=hour"), page("load", "the last day", "/load?span=day"), page("load", "the last week", "/load?span=week"),
		page("how it is", "", "/health"), page("audits", "first page", "/audits"), page("who did what", "first page", "/who"),
		page("who did what", "in the middle", "/who?after=500"), page("jobs", "", "/jobs"), page("backfills", "", "/backfills"),
		page("one order", "that was pushed", "/orders/20000000099"), page("one order", "that failed", "/orders/20000000100"),
		page("search", "a key", "/search?q=20000000100"), page("search", "a refund", fmt.Sprintf("/search?q=R%d", 20000000000+number.refund/2)),
		page("search", "Douyin's number of a payment", fmt.Sprintf("/search?q=DYP%d", number.payment/2)), page("search", "nothing that is there", "/search?q=nobody"),
	} {
		all = append(all, m)
	}
	return slices.Concat(all, s.commands())
}

// commands are what the command line reads of the same tables.
func (s *site) commands() []measured {
	failures := func(how string, f store.FailureFilter) measured {
		return measured{"ordersync failures", how, func(t *testing.T, _ *visitor) {
			t.Helper()
			if _, err := s.store.Failures(t.Context(), store.FailureQuery{FailureFilter: f, Limit: 50}); err != nil {
				t.Fatal(err)
			}
		}}
	}
	reader := glance.Reader{Store: s.store, Redis: s.redis, Inspector: asynq.NewInspectorFromRedisClient(s.redis)}
	return []measured{
		{"ordersync status", "", func(t *testing.T, _ *visitor) {
			t.Helper()
			if g := reader.Read(t.Context()); len(g.Missing) > 0 {
				t.Fatal(g.Missing)
			}
		}},
		failures("all", store.FailureFilter{}), failures("by text", store.FailureFilter{Text: "nobody"}),
		{"metrics", "one scrape", func(t *testing.T, _ *visitor) {
			t.Helper()
			if _, err := s.store.Counts(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}},
	}
}
