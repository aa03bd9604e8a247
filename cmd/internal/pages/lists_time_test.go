package pages_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// mostRead bounds the rows that the database reads for one page of fewOrders: store.ListWindow rows
// four times, and a little. All orders are more. With millions of orders more of them wait, and
// those are counted up to store.CountLimit.
const (
	mostRead       = 90_000
	mostReadOfMany = 5 * store.CountLimit
)

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
// The log has a line for each look: the shortest time of all rounds, the least processor time of
// database and pages together (both in milliseconds), rows, and pages of InnoDB that were not in
// its memory.
func TestListsReadWithinBounds(t *testing.T) {
	dsn, n, asked := manyOrders(t)
	if dsn == "" {
		return // the reason is in the log
	}
	db := openDSN(t, dsn)
	s := siteOver(t, db, servertest.Redis(t))
	v := s.as(t, "vera")
	rounds, most := 1, mostRead
	if asked {
		rounds, most = 3, mostReadOfMany
	}
	whats := map[string][]measured{}
	var order []string
	for _, m := range s.everything(t, n) {
		if whats[m.what] == nil {
			order = append(order, m.what)
		}
		whats[m.what] = append(whats[m.what], m)
	}
	server := databaseTime(t, db)
	for _, what := range order {
		t.Run(what, func(t *testing.T) {
			v.t = t
			for _, m := range whats[what] {
				best, work := time.Hour, time.Hour
				var read, missed int
				for range rounds {
					rows, pages, spent, began := status(t, db, "Handler_read%"), status(t, db, "Innodb_buffer_pool_reads"), server()+processorTime(t, "self"), time.Now()
					m.look(t, v)
					best = min(best, time.Since(began))
					work = min(work, server()+processorTime(t, "self")-spent)
					read, missed = status(t, db, "Handler_read%")-rows, status(t, db, "Innodb_buffer_pool_reads")-pages
				}
				t.Logf("| %s | %s | %.1f | %.1f | %d | %d |", m.what, m.how, ms(best), ms(work), read, missed)
				if read > most {
					t.Errorf("%s, %s: the database read %d rows of %d orders", m.what, m.how, read, n)
				}
				if asked && best > mostTime && work > mostTime { // others may have the processor
					t.Errorf("%s, %s: %v, of which %v are work; want %v at most", m.what, m.how, best, work, mostTime)
				}
			}
		})
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// manyOrders is a database with the rows of n orders. dsn is empty where the test does not run.
func manyOrders(t *testing.T) (dsn string, n int, asked bool) {
	t.Helper()
	n = fewOrders
	if text := os.Getenv(listsVariable); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < fewOrders {
			t.Fatalf("%s=%q: want a number of orders, %d at least", listsVariable, text, fewOrders)
		}
		asked = true
	} else if !servertest.Long(t) {
		return "", 0, false
	}
	if dsn = os.Getenv(listsDSNVariable); dsn == "" {
		server := servertest.StartMySQL(t)
		if server == nil {
			return "", 0, false
		}
		dsn = server.NewDatabase(t)
	}
	db := openDSN(t, dsn)
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
	return dsn, n, asked
}

func openDSN(t *testing.T, dsn string) *gorm.DB {
	t.Helper()
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return db
}

// status is the sum of the server's counters that are called so.
func status(t *testing.T, db *gorm.DB, like string) (sum int) {
	t.Helper()
	rows, err := db.Raw("SHOW GLOBAL STATUS LIKE '" + like + "'").Rows()
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
		sum += n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return sum
}

// serverPID is the process of a database's server, which runs on this machine.
func serverPID(t *testing.T, db *gorm.DB) string {
	t.Helper()
	var file string
	if err := db.Raw("SELECT @@pid_file").Row().Scan(&file); err != nil {
		t.Fatal(err)
	}
	pid, err := os.ReadFile(file) //nolint:gosec // the server says so
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(pid))
}

// databaseTime tells the processor time that the server of a database has had.
func databaseTime(t *testing.T, db *gorm.DB) func() time.Duration {
	t.Helper()
	pid := serverPID(t, db)
	return func() time.Duration { return processorTime(t, pid) }
}

// processorTime is what all threads of a process have had, those that have ended left out.
func processorTime(t *testing.T, pid string) (sum time.Duration) {
	t.Helper()
	threads, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	if err != nil || len(threads) == 0 {
		t.Fatalf("no threads of process %s: %v", pid, err)
	}
	for _, thread := range threads {
		spent, _ := threadTime(t, thread)
		sum += spent
	}
	return sum
}

// threadTime is what one thread has had; alive is false where it has ended.
func threadTime(t *testing.T, schedstat string) (spent time.Duration, alive bool) {
	t.Helper()
	text, err := os.ReadFile(schedstat) //nolint:gosec // of the kernel's
	if err != nil {
		return 0, false
	}
	nanoseconds, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(nanoseconds), true
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
func (s *site) everything(t *testing.T, n int) (all []measured) {
	t.Helper()
	month := time.Now().UTC().Add(-30 * 24 * time.Hour).Format("2006-01-02")
	of := func(what, path string, middle func() string, filters ...string) {
		all = append(all, page(what, "all, first page", path))
		all = append(all, page(what, "turned round (its last page)", path+"?turn=1"))
		for how, parameter := range map[string]string{"in the middle": "after", "in the middle, back": "before"} {
			all = append(all, measured{what, how, func(t *testing.T, v *visitor) {
				t.Helper()
				page(what, how, path+"?"+parameter+"="+url.QueryEscape(middle())).look(t, v)
			}})
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
	of("orders", "/lists/orders", func() string { return fmt.Sprintf("-%d", 20000000000+n/2) },
		"state=pushed", "state=refused", "state=ignored", "state=pending", "kind=incomplete", "code=40015", "since="+month, "until="+month, "text=2000001", "text=nobody")
	of("waiting", "/lists/waiting", sync.OnceValue(func() string { return s.place(t, "ordersync_order", "order_id", "due_at", "due_at IS NOT NULL") }),
		"state=retrying", "state=pending", "kind=unavailable", "code=7", "since="+month, "until="+month, "text=00001", "text=nobody")
	money := []string{"state=failed", "state=succeeded", "state=sending", "state=new", "kind=rejected", "code=2012", "code=7", "alarm=1", "since=" + month, "until=" + month, "least=900", "most=1.01", "text=00001", "text=nobody", "state=succeeded&text=nobody"}
	of("refunds", "/lists/refunds", sync.OnceValue(func() string { return s.place(t, "ordersync_refund", "out_refund_no", "created_at", "1 = 1") }), money...)
	of("settlements", "/lists/settlements", sync.OnceValue(func() string { return s.place(t, "ordersync_settlement", "out_settle_no", "created_at", "1 = 1") }), money...)
	of("payments", "/lists/payments", sync.OnceValue(func() string { return s.place(t, "ordersync_payment", "out_order_no", "created_at", "1 = 1") }),
		"state=SUCCESS", "state=FAIL", "state=CANCEL", "alarm=1", "since="+month, "until="+month, "least=900", "most=12.31", "text=00001", "text=nobody")
	of("callbacks", "/lists/callbacks", sync.OnceValue(func() string { return s.place(t, "ordersync_callback", "id", "", "1 = 1") }),
		"state=FAIL", "state=CANCEL", "kind=refund", "kind=none", "alarm=1", "since="+month, "until="+month, "text=00001", "text=nobody")
	of("calls", "/lists/calls", sync.OnceValue(func() string { return s.place(t, "ordersync_log", "id", "", "1 = 1") }),
		"state=refused", "state=gave_up", "kind=rejected", "kind=none", "code=40012", "code=7", "since="+month, "until="+month, "text=00001", "text=nobody")
	of("bad outbox rows", "/lists/outbox", sync.OnceValue(func() string { return s.place(t, "ordersync_outbox_bad", "no", "", "1 = 1") }), "kind=refund", "kind=none", "alarm=1", "since="+month, "text=00001", "text=nobody")
	of("failures", "/failures", sync.OnceValue(func() string { return s.place(t, "ordersync_order", "order_id", "failed_at", "failed_at IS NOT NULL") }),
		"kind=incomplete", "kind=rejected&code=40015", "kind=none", "cause="+url.QueryEscape("product.column_2"), "code=40015", "since="+month, "until="+month, "text=00001", "text=item_list", "text=nobody", "text="+url.QueryEscape("课程"))
	all = append(all,
		page("what needs a person", "the start page", "/"),
		page("load", "the last hour", "/load?span=hour"), page("load", "the last day", "/load?span=day"), page("load", "the last week", "/load?span=week"),
		page("how it is", "", "/health"), page("audits", "first page", "/audits"), page("who did what", "first page", "/who"),
		page("who did what", "in the middle", "/who?after=500"), page("jobs", "", "/jobs"), page("backfills", "", "/backfills"),
		page("one order", "that was pushed", "/orders/20000000099"), page("one order", "that failed", "/orders/20000000100"),
		page("search", "a key", "/search?q=20000000100"), page("search", "a refund", fmt.Sprintf("/search?q=R%d", 20000000000+n/80)),
		page("search", "Douyin's number of a payment", fmt.Sprintf("/search?q=DYP%d", n/40)), page("search", "nothing that is there", "/search?q=nobody"))
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
