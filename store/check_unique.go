package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// uniqueRows bounds how many rows of a table are looked through for two alike.
	uniqueRows = 100_000
	// newestChecked is how many of the newest orders are, where SELECTs describe the shop.
	newestChecked = 500
)

// mustBeUnique is a column of which each value may stand in one row.
type mustBeUnique struct {
	table, column string
	names         string // column that tells two of its rows apart; empty: the value does
	why           string
}

// checkUnique looks whether what must be unique is. A unique index says so; without one, rows are
// looked through, and two alike are named. Two rows are no guess for a push: it refuses the order.
func (s *Store) checkUnique(ctx context.Context) []Finding {
	t, c := s.schema.Tables, s.schema.Columns
	all := []mustBeUnique{
		{t.Order, c.ID, "", "orders with two rows are refused"},
		{t.User, c.User.ID, "", "orders of a buyer with two rows are refused"},
		{t.Product, c.Product.ID, "", "orders of a product with two rows are refused"},
		{t.Course, c.Course.ID, "", "orders of a course with two rows are refused"},
	}
	if c.OrderNo != c.ID {
		all = append(all, mustBeUnique{t.Order, c.OrderNo, c.ID, "Douyin takes two orders of one number for one, so both are refused"})
	}
	var findings []Finding
	for _, u := range all {
		findings = append(findings, s.checkOneUnique(ctx, u))
	}
	return findings
}

func (s *Store) checkOneUnique(ctx context.Context, u mustBeUnique) Finding {
	what := u.table + "." + u.column + " is unique"
	indexed, err := s.hasUniqueIndex(ctx, u.table, u.column)
	if err != nil {
		return Finding{Minor: true, What: what + ": " + err.Error(), Cure: "let the account read information_schema"}
	}
	if indexed {
		return Finding{OK: true, What: what}
	}
	two, read, err := s.twoAlike(ctx, u)
	view, _ := s.isView(ctx, u.table)
	cure := fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s)", u.column, quote(u.table), quote(u.column))
	if view {
		cure = "see that the view answers one row for each " + u.column
	}
	switch {
	case err != nil:
		return Finding{Minor: true, What: what + ": " + err.Error(), Cure: cure}
	case two != "":
		return Finding{Minor: true, What: two + ": " + u.why, Cure: "delete one of them, then " + cure}
	}
	how := "in its %d rows, and no index says so"
	if read == uniqueRows {
		how = "in the %d rows that were looked at, and no index says so"
	}
	return Finding{OK: true, What: fmt.Sprintf(what+" "+how, read)}
}

// hasUniqueIndex tells whether an index keeps a column unique by itself.
func (s *Store) hasUniqueIndex(ctx context.Context, table, column string) (bool, error) {
	database, name, qualified := strings.Cut(table, ".")
	if !qualified {
		name = table
	}
	query := "SELECT COUNT(*) FROM information_schema.statistics i WHERE i.table_schema = COALESCE(?, DATABASE()) AND i.table_name = ? AND i.non_unique = 0" +
		" AND i.seq_in_index = 1 AND i.column_name = ? AND i.sub_part IS NULL AND NOT EXISTS (SELECT 1 FROM information_schema.statistics j" +
		" WHERE j.table_schema = i.table_schema AND j.table_name = i.table_name AND j.index_name = i.index_name AND j.seq_in_index = 2)"
	args := []any{sql.NullString{String: database, Valid: qualified}, name, column}
	if s.sql.sqlite {
		query = "SELECT (SELECT COUNT(*) FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l.\"unique\" AND i.name = ? AND" +
			" (SELECT COUNT(*) FROM pragma_index_info(l.name)) = 1) + (SELECT COUNT(*) FROM pragma_table_info(?) WHERE name = ? AND pk = 1)"
		args = []any{table, column, table, column}
	}
	var n int
	err := s.db.WithContext(ctx).Raw(query, args...).Row().Scan(&n)
	return n > 0, err
}

// twoAlike looks through uniqueRows rows for two with one value, and names them. Empty: there are none.
// NULL and an empty order number are no values.
func (s *Store) twoAlike(ctx context.Context, u mustBeUnique) (two string, read int, err error) {
	db := s.db.WithContext(ctx)
	column := quote(u.column)
	some := "(SELECT " + column + " AS v FROM " + quote(u.table) + fmt.Sprintf(" LIMIT %d) x", uniqueRows)
	if err := db.Raw("SELECT COUNT(*) FROM " + some).Row().Scan(&read); err != nil {
		return "", 0, err
	}
	var value sql.NullString
	bytes := "CAST(v AS BINARY)" // to a collation, "a" and "A" may be one
	if s.sql.sqlite {
		bytes = "CAST(v AS BLOB)"
	}
	err = db.Raw("SELECT v FROM " + some + " WHERE v IS NOT NULL AND v <> '' GROUP BY v HAVING COUNT(*) > COUNT(DISTINCT " + bytes + ") LIMIT 1").Row().Scan(&value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", read, nil
	case err != nil:
		return "", read, err
	case u.names == "":
		return fmt.Sprintf("two rows of %s have %s %s", u.table, u.column, value.String), read, nil
	}
	keys, err := collect(db, func(rows *sql.Rows) (k string, err error) { return k, rows.Scan(&k) },
		"SELECT "+quote(u.names)+" FROM "+quote(u.table)+" WHERE "+column+" = ? ORDER BY 1 LIMIT 2", value.String)
	return fmt.Sprintf("rows %s of %s have one %s, %s", strings.Join(keys, " and "), u.table, u.column, value.String), read, err
}

// checkNewestUnique looks for orders with two rows, and for two orders of one number, among the newest.
// It is for a shop that SELECTs describe: which index could keep them apart, nobody can tell there.
func (s *Store) checkNewestUnique(ctx context.Context, r *shopReading) []Finding {
	const what = "shop.sql.order answers one row for each order, and each with a number of its own"
	newest, err := s.NewestOrders(ctx, time.Time{}, newestChecked)
	if err != nil {
		return []Finding{{Minor: true, What: what + ": " + err.Error(), Cure: "see the error"}}
	}
	var ids []string
	for _, o := range newest.Orders {
		if !slices.Contains(ids, o.ID) {
			ids = append(ids, o.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows := map[string]int{}
	byNumber := map[string]string{}
	var findings []Finding
	err = r.Numbers(ctx, s.querier(ctx), ids, func(id, no string) {
		rows[id]++
		other, there := byNumber[no]
		switch {
		case rows[id] == 2:
			findings = append(findings, Finding{Minor: true, What: "shop.sql.order answers two rows for order " + id + ", which is refused: the SELECT joins more than one row",
				Cure: "choose one in the SELECT: ordersync preview " + id + " says what differs"})
		case rows[id] == 1 && there && other != id:
			findings = append(findings, Finding{Minor: true, What: "orders " + other + " and " + id + " have one order_no, " + no + ": Douyin takes them for one, so they are refused",
				Cure: "give one of them another number, or let the SELECT choose another column"})
		}
		if no != "" {
			byNumber[no] = id
		}
	})
	switch {
	case err != nil && !oneOrder(err):
		return []Finding{{Minor: true, What: what + ": " + err.Error(), Cure: "see the error"}}
	case err != nil: // a row fails the statement: its preview says which
		return nil
	case len(findings) > alikeLines:
		return append(findings[:alikeLines], Finding{Minor: true, What: fmt.Sprintf("%d others of the newest %d orders are like that", len(findings)-alikeLines, len(ids)), Cure: "see above"})
	case findings == nil:
		return []Finding{{OK: true, What: fmt.Sprintf("%s (the newest %d orders were looked at)", what, len(ids))}}
	}
	return findings
}

// alikeLines bounds how many lines say the same.
const alikeLines = 3
