package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ordersync/ordersync/store/shop"
)

// plan is what the server means to do with a statement.
type plan struct {
	lines []planLine
	// text is the statement as the server has rewritten it: SELECTs in brackets and views are merged into
	// it where that can be done, and every column stands with its table.
	text string
}

// planLine is a line of EXPLAIN.
type planLine struct {
	table    string // the alias in plan.text; "<derived2>" is no table
	access   string // ALL: each of its rows is read; index: each of an index
	possible string // indexes that could find rows; empty: none
	extra    string
	rows     int64 // as the server guesses
}

func (l planLine) whole() bool {
	return (strings.EqualFold(l.access, "ALL") || strings.EqualFold(l.access, "index")) && !strings.HasPrefix(l.table, "<")
}

// baseTable is a table that the shop's database has, and no view or alias.
type baseTable struct{ database, name string }

// explainStatement asks for the plan. SHOW WARNINGS has the rewritten text, on the same connection.
func (s *Store) explainStatement(ctx context.Context, q shop.Statement) (p plan, err error) {
	pool, err := s.db.DB()
	if err != nil {
		return p, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	rows, err := conn.QueryContext(ctx, "EXPLAIN EXTENDED "+q.SQL, q.Args...) // MariaDB's
	if number, _ := errorNumber(err); number == 1064 {
		rows, err = conn.QueryContext(ctx, "EXPLAIN FORMAT=TRADITIONAL "+q.SQL, q.Args...)
	}
	if err != nil {
		return p, err
	}
	if p.lines, err = planLines(rows); err != nil {
		return p, err
	}
	if rows, err = conn.QueryContext(ctx, "SHOW WARNINGS"); err != nil {
		return p, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var level, code, text string
		if err := rows.Scan(&level, &code, &text); err != nil {
			return p, err
		}
		if code == "1003" {
			p.text = text
		}
	}
	return p, rows.Err()
}

// planLines reads the columns that both servers have.
func planLines(rows *sql.Rows) (lines []planLine, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var table, access, possible, extra, count sql.NullString
	into := make([]any, len(names))
	for i, name := range names {
		switch strings.ToLower(name) {
		case "table":
			into[i] = &table
		case "type":
			into[i] = &access
		case "possible_keys":
			into[i] = &possible
		case "extra":
			into[i] = &extra
		case "rows":
			into[i] = &count
		default:
			into[i] = new(sql.RawBytes)
		}
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		lines = append(lines, planLine{table.String, access.String, possible.String, extra.String, estimate(count.String)})
	}
	return lines, rows.Err()
}

// estimate is the number of rows that EXPLAIN says. MariaDB may say how many of them a filter leaves,
// as in "120 (33%)".
func estimate(rows string) int64 {
	number, _, _ := strings.Cut(rows, " ")
	n, _ := strconv.ParseInt(number, 10, 64) // no number: 0, there is no estimate
	return n
}

const (
	// planName and planColumn are a name, and a column with its table and perhaps its database.
	planName   = "`([^`]+)`"
	planColumn = "(?:`[^`]+`\\.)?`([^`]+)`\\.`([^`]+)`"
)

var (
	planFrom  = regexp.MustCompile("(?:from|join|,)\\s*\\(*" + planName + "\\." + planName + "(?: " + planName + ")?(?:\\s|\\)|$)")
	planEqual = regexp.MustCompile(planColumn + " = " + planColumn)
	planFound = regexp.MustCompile(planColumn + " (?:in \\([^)]*|= *(?:<cache>\\()?[^ ]{0,12})" + shop.Marker)
)

// tables are the tables of the plan by their alias.
func (p plan) tables() map[string]baseTable {
	found := map[string]baseTable{}
	for _, m := range planFrom.FindAllStringSubmatch(p.text, -1) {
		alias := m[3]
		if alias == "" {
			alias = m[2]
		}
		found[alias] = baseTable{m[1], m[2]}
	}
	return found
}

// columns are those of an alias that find its rows: by our ids, or by a column of another table.
func (p plan) columns(alias string) (found []string) {
	for _, m := range planFound.FindAllStringSubmatch(p.text, -1) {
		if m[1] == alias {
			found = append(found, m[2])
		}
	}
	for _, m := range planEqual.FindAllStringSubmatch(p.text, -1) {
		switch {
		case m[1] == m[3]:
		case m[1] == alias:
			found = append(found, m[2])
		case m[3] == alias:
			found = append(found, m[4])
		}
	}
	if a, column := p.orderedBy(); a == alias {
		found = append(found, column)
	}
	return slices.Compact(found)
}

var (
	planOrder = regexp.MustCompile("^" + planColumn + "(?: desc)?(?:,| limit|$)")
	planBrief = regexp.MustCompile("^" + planName + "(?: desc)?(?:,| limit|$)")
)

// orderedBy is the column that the rows of the statement itself are ordered by; empty where an
// expression is, or nothing. A column of a SELECT that was not merged is followed to its table.
func (p plan) orderedBy() (alias, column string) {
	at := strings.LastIndex(p.text, " order by ")
	if at < 0 {
		return "", ""
	}
	by := p.text[at+len(" order by "):]
	m := planOrder.FindStringSubmatch(by)
	if m == nil {
		if m = planBrief.FindStringSubmatch(by); m == nil {
			return "", ""
		}
		m = []string{"", "", m[1]}
	}
	if _, there := p.tables()[m[1]]; there && !strings.Contains(p.text, ") `"+m[1]+"`") {
		return m[1], m[2]
	}
	return p.origin(m[2])
}

// origin is the column of a table that a SELECT answers under a name; empty where it is none.
func (p plan) origin(name string) (alias, column string) {
	tables := p.tables()
	inner := regexp.MustCompile(planColumn+" AS `"+regexp.QuoteMeta(name)+"`").FindAllStringSubmatch(p.text, -1)
	for _, i := range slices.Backward(inner) { // the outermost stands first, and names the SELECT
		if _, there := tables[i[1]]; there {
			return i[1], i[2]
		}
	}
	return "", ""
}

// createIndex is the statement that helps; here is the database of the connection.
func (t baseTable) createIndex(column, here string) string {
	return fmt.Sprintf("CREATE INDEX %s ON %s (%s)", column, quote(t.called(here)), quote(column))
}

func (t baseTable) called(here string) string {
	if t.database == here {
		return t.name
	}
	return t.database + "." + t.name
}
