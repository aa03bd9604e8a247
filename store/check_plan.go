package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// manyRows is from when on reading a table whole is dear even where an index could be used: servers
// read a small one so in any case.
const manyRows = 10_000

// explained is a statement that doctor explains.
type explained struct {
	what      string
	statement shop.Statement
	ordered   string // our name of the time that it is ordered by; empty: by none
	otherwise string // the cure where no index is
}

// explainAll explains what is asked of the shop all the time: orders by key, their lines, pages of the
// sweep, an order by its number.
func (s *Store) explainAll(ctx context.Context, r *shopReading) []Finding {
	if s.sql.sqlite {
		return nil
	}
	bare := func(column string) string {
		return "let the SELECT answer the bare column as " + column + ": inside a function, or behind DISTINCT, GROUP BY or UNION, no index finds it"
	}
	all := []explained{{what: "an order by its key", statement: r.Orders("", "").In(r.SampleIDs()), otherwise: bare("id")}}
	if r.HasLines() {
		all = append(all, explained{what: "the lines of an order", statement: r.LinesOf(r.SampleLineIDs()), otherwise: bare("order_id")})
	}
	now := s.Clock()
	page := func(column string) {
		q := shop.Range{From: now.Add(-time.Hour), To: now, ByCreateTime: column == "create_time"}
		if statement, err := r.Page(q, 100, false); err == nil {
			all = append(all, explained{
				"a page of the sweep by " + column, statement, column, bare(column) + "; shop.sql.changes may spare the sweep that",
			})
		}
	}
	if r.HasUpdated() {
		page("updated_at")
	}
	page("create_time")
	if q, ok := r.ByNumber(shop.Marker, 2); ok && !r.KeyIsNumber() {
		all = append(all, explained{
			what: "an order by its number", statement: q,
			otherwise: "callbacks and the search look for it: let the SELECT answer a bare column of the order's own table as order_no, or choose among other rows by JOIN and not by a SELECT in brackets",
		})
	}
	var findings []Finding
	for _, e := range all {
		for _, f := range s.explain(ctx, e) {
			if !slices.ContainsFunc(findings, func(other Finding) bool { return f.Cure != "" && f.Cure == other.Cure }) {
				findings = append(findings, f)
			}
		}
	}
	return findings
}

// explainNames explains an order by its key, with what stands beside it, for a shop that Tables and
// Columns describe; the times of its orders have checks of their own. Tables that cannot be read have
// been told.
func (s *Store) explainNames(ctx context.Context) []Finding {
	r, err := s.reading(ctx)
	if err != nil || s.sql.sqlite {
		return nil
	}
	return s.explain(ctx, explained{
		what: "an order by its key", statement: r.Orders("", "").In(r.SampleIDs()), otherwise: "see that the keys of both tables have one type and one collation",
	})
}

// explain finds what no index helps in a statement, and names the index that would, on the table that
// has the rows, whatever a view or a SELECT calls it.
func (s *Store) explain(ctx context.Context, e explained) []Finding {
	what := "explained: " + e.what
	p, err := s.explainStatement(ctx, e.statement)
	var here string
	if err == nil {
		err = s.db.WithContext(ctx).Raw("SELECT DATABASE()").Row().Scan(&here)
	}
	if err != nil {
		return []Finding{{Minor: true, What: what + ": " + err.Error(), Cure: "see the error; a view is only explained to an account with SHOW VIEW"}}
	}
	var out []Finding
	if e.ordered != "" {
		if f, ok := s.explainOrder(ctx, p, e, here); !ok {
			out = append(out, f)
		}
	}
	tables := p.tables()
	var seen []string
	if out != nil { // of this table it is said what helps
		alias, _ := p.orderedBy()
		seen = append(seen, alias)
	}
	for _, l := range p.lines {
		table, there := tables[l.table]
		if !l.whole() || !there || slices.Contains(seen, l.table) || strings.Contains(l.extra, "Table function") {
			continue
		}
		seen = append(seen, l.table)
		if f, ok := s.explainTable(ctx, p, e, l, table, here); !ok {
			out = append(out, f)
		}
	}
	if out == nil {
		return []Finding{{OK: true, What: what + " goes through indexes"}}
	}
	return out
}

// explainOrder looks for the index of the time that a page is read by. Few rows hide that there is none.
func (s *Store) explainOrder(ctx context.Context, p plan, e explained, here string) (f Finding, ok bool) {
	f.Minor = true
	alias, column := p.orderedBy()
	if column == "" {
		f.What = e.what + ": " + e.ordered + " is worked out by the SELECT, so no index finds it, and each page reads the table whole"
		f.Cure = "let the SELECT answer the bare column as " + e.ordered + "; where that cannot be, say in shop.sql.changes what the sweep reads"
		return f, false
	}
	table := p.tables()[alias]
	indexed, err := s.hasIndex(ctx, table, column)
	if err != nil || indexed {
		return f, true // without information_schema nothing is known
	}
	f.What = fmt.Sprintf("%s reads table %s whole: no index begins with %s", e.what, table.called(here), column)
	f.Cure = table.createIndex(column, here)
	return f, false
}

// explainTable judges a table that is read whole.
func (s *Store) explainTable(ctx context.Context, p plan, e explained, l planLine, table baseTable, here string) (f Finding, ok bool) {
	f.Minor = true
	f.What = fmt.Sprintf("%s reads table %s whole (%d rows)", e.what, table.called(here), l.rows)
	switch {
	case l.possible != "" && l.rows < manyRows:
		return f, true
	case l.possible != "":
		f.What += ", although an index could find its rows"
		f.Cure = "ANALYZE TABLE " + quote(table.called(here)) + "; if that does not help: " + e.otherwise
		return f, false
	}
	f.Cure = e.otherwise
	for _, column := range p.columns(l.table) {
		if indexed, err := s.hasIndex(ctx, table, column); err == nil && !indexed {
			f.Cure = table.createIndex(column, here)
			break
		}
	}
	return f, false
}

// hasIndex tells whether an index begins with a column.
func (s *Store) hasIndex(ctx context.Context, t baseTable, column string) (bool, error) {
	var n int
	err := s.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? AND column_name = ? AND seq_in_index = 1",
		t.database, t.name, column).Row().Scan(&n)
	return n > 0, err
}
