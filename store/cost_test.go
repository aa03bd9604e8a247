package store_test

import (
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// onManyRows runs a test of what a statement costs where a table has n rows. into begins the INSERT
// of table, up to its VALUES; row is the tuple of one row. It runs on a server alone, whose counters
// tell what was read.
func onManyRows(
	t *testing.T, n int, table, into string, row func(i int) string,
	test func(t *testing.T, s *store.Store, db *gorm.DB),
) {
	t.Helper()
	dsn := servertest.MySQLDSN(t)
	if dsn == "" {
		return // ORDERSYNC_TEST_SERVERS=required makes this a failure
	}
	db, err := store.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	servertest.CreateShop(t, db)
	s := newStore(t, db, store.Config{})
	rows := make([]string, n)
	for i := range rows {
		rows[i] = row(i)
	}
	for chunk := range slices.Chunk(rows, 5000) {
		exec(t, db, into+" VALUES "+strings.Join(chunk, ","))
	}
	exec(t, db, "ANALYZE TABLE "+table)
	test(t, s, db)
}

// rowsRead is how many rows the server reads one after the other while f runs: by how much the given
// counters of Handler_read go up.
func rowsRead(t *testing.T, db *gorm.DB, f func(), counters ...string) (read int) {
	t.Helper()
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1) // the counters are the session's
	exec(t, db, "FLUSH STATUS")
	f()
	rows, err := db.Raw("SHOW SESSION STATUS LIKE 'Handler_read_%'").Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	found := 0
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(counters, strings.TrimPrefix(name, "Handler_read_")) {
			found++
			read += n
		}
	}
	if err := rows.Err(); err != nil || found != len(counters) {
		t.Fatalf("%d of the counters %v are there, %v", found, counters, err)
	}
	return read
}
