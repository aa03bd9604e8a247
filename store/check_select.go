package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/ordersync/ordersync/store/shop"
)

// SelectError is a SELECT of shop.sql that the database refuses, or that does not answer what it has to.
type SelectError struct{ Err error }

func (e *SelectError) Error() string { return e.Err.Error() }
func (e *SelectError) Unwrap() error { return e.Err }

// CheckSelects tells whether the shop's SELECTs can be read, for a process that begins. Nil where the
// shop has none, and where the database does not answer: that is nothing that the configuration says
// wrong. The error is a *SelectError.
func (s *Store) CheckSelects(ctx context.Context) error {
	if s.schema.SQL.Order == "" {
		return nil
	}
	_, err := s.reading(ctx)
	var text *TextError
	var refused *mysql.MySQLError
	if errors.As(err, &text) || errors.As(err, &refused) && !noDatabase[refused.Number] {
		return &SelectError{err}
	}
	return nil
}

// noDatabase are answers of a server that lets nobody in at the moment, or has no time.
var noDatabase = map[uint16]bool{1040: true, 1044: true, 1045: true, 1049: true, 1053: true, 1203: true, 1205: true, 1317: true, 3024: true, 1969: true}

// checkSelects looks at the SELECTs of shop.sql, and at what the statements over them cost.
func (s *Store) checkSelects(ctx context.Context) []Finding {
	r, err := s.reading(ctx)
	if err != nil {
		return []Finding{{What: "shop.sql: " + err.Error(), Cure: "correct the SELECT that the error names"}}
	}
	findings := []Finding{{OK: true, What: "shop.sql: the SELECTs answer the columns that are needed"}}
	for _, wrong := range r.Misfits() {
		findings = append(findings, Finding{What: "shop.sql: " + wrong.What, Cure: wrong.Cure})
	}
	findings = append(findings, s.checkNewestUnique(ctx, r)...)
	return append(findings, s.explainAll(ctx, r)...)
}

// explained is a statement that doctor explains.
type explained struct {
	what      string
	statement shop.Statement
	text      string // the SELECT inside, to find its tables
	time      string // the time column that it is read by; empty: none
}

// explainAll explains what is asked of the shop all the time: orders by key, their lines, the sweep.
func (s *Store) explainAll(ctx context.Context, r *shopReading) []Finding {
	if s.sql.sqlite {
		return nil
	}
	q := s.schema.SQL
	now := s.Clock()
	ids := r.SampleIDs()
	all := []explained{{"an order by its key", r.Orders("", "").In(ids), q.Order, ""}}
	if r.HasLines() {
		all = append(all, explained{"the lines of an order", r.LinesOf(r.SampleLineIDs()), q.Items, ""})
	}
	sweep := q.Changes
	if sweep == "" {
		sweep = q.Order
	}
	page := func(byCreate bool) (shop.Statement, error) {
		return r.Page(shop.Range{From: now.Add(-time.Hour), To: now, ByCreateTime: byCreate}, 100, false)
	}
	for _, byCreate := range []bool{false, true} {
		if byCreate && !r.HasUpdated() {
			continue // the first was it
		}
		statement, err := page(byCreate)
		if err != nil {
			continue
		}
		by := "create_time"
		if r.HasUpdated() && !byCreate {
			by = "updated_at"
		}
		all = append(all, explained{"a page of the sweep by " + by, statement, sweep, by})
	}
	var findings []Finding
	for _, e := range all {
		findings = append(findings, s.explain(ctx, e)...)
	}
	return findings
}

// explain finds the tables that a statement reads whole. Small ones are read so in any case: what
// counts is that no index could be used if they were large.
func (s *Store) explain(ctx context.Context, e explained) []Finding {
	what := "explained: " + e.what
	lines, err := collect(s.db.WithContext(ctx), explainedLine, "EXPLAIN "+e.statement.SQL, e.statement.Args...)
	if err != nil {
		return []Finding{{What: what + ": " + err.Error(), Minor: true, Cure: "see the error"}}
	}
	var whole []Finding
	var seen []string
	for _, l := range lines {
		if !strings.EqualFold(l.access, "ALL") || l.possible != "" || strings.HasPrefix(l.table, "<") || slices.Contains(seen, l.table) {
			continue
		}
		seen = append(seen, l.table)
		table := shop.BaseTable(e.text, l.table)
		column := shop.IndexColumn(e.text, l.table, e.time)
		if column == "" {
			column = "the column that it is found by"
		}
		whole = append(whole, Finding{
			Minor: true, What: fmt.Sprintf("%s reads table %s whole (%d rows)", e.what, table, l.rows),
			Cure: fmt.Sprintf("CREATE INDEX … ON %s (%s); without it every such statement costs as much as the table is large", table, column),
		})
	}
	if whole == nil {
		return []Finding{{OK: true, What: what + " goes through indexes"}}
	}
	return whole
}

// explainLine is a line of EXPLAIN.
type explainLine struct {
	table, access, possible string
	rows                    int64
}

// explainedLine reads the columns that both servers have.
func explainedLine(rows *sql.Rows) (l explainLine, err error) {
	names, err := rows.Columns()
	if err != nil {
		return l, err
	}
	var table, access, possible, count sql.NullString
	into := make([]any, len(names))
	for i, name := range names {
		switch name {
		case "table":
			into[i] = &table
		case "type":
			into[i] = &access
		case "possible_keys":
			into[i] = &possible
		case "rows":
			into[i] = &count
		default:
			into[i] = new(sql.RawBytes)
		}
	}
	err = rows.Scan(into...)
	return explainLine{table.String, access.String, possible.String, estimate(count.String)}, err
}

// estimate is the number of rows that EXPLAIN says. MariaDB may say how many of them a filter leaves,
// as in "120 (33%)".
func estimate(rows string) int64 {
	number, _, _ := strings.Cut(rows, " ")
	n, _ := strconv.ParseInt(number, 10, 64) // no number: 0, there is no estimate
	return n
}
