package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/ordersync/ordersync/store/shop"
	"github.com/ordersync/ordersync/tasks/cut"
)

// Finding is one result of CheckShop.
type Finding struct {
	OK    bool   // nothing is to be done
	Minor bool   // where it is not OK: orders travel all the same
	Waits bool   // where it is not OK: it may come right without a change of the configuration
	What  string // what was looked at, with what was found
	Cure  string // what to do; empty when OK
}

// CheckShop looks at all that the store needs, for doctor: the server's version, our tables, the
// shop's tables and columns, the indexes that we read by, and whether our tables can be written. It
// writes nothing that stays. An error of the database becomes a finding.
func (s *Store) CheckShop(ctx context.Context) []Finding {
	server, answers := s.checkVersion(ctx)
	if !answers { // whatever else is looked at fails for the same reason, and its cure would mislead
		return []Finding{server}
	}
	findings := []Finding{server}
	if s.schema.SQL.Order != "" {
		return append(append(findings, s.checkSelects(ctx)...), s.checkOurTables(ctx))
	}
	findings = append(findings, s.checkShopTables(ctx)...)
	findings = append(findings, s.checkUnique(ctx)...)
	findings = append(findings, s.explainNames(ctx)...)
	findings = append(findings, s.checkSweepIndex(ctx))
	if s.schema.Columns.UpdatedAt != "" { // else it is the sweep's
		backfill := s.CheckBackfillIndex(ctx)
		backfill.Minor = true
		findings = append(findings, backfill)
	}
	if c := s.schema.Columns; c.OrderNo != c.ID { // else it is the key's
		number := s.checkIndex(ctx, c.OrderNo, "Douyin's callbacks and the search", "every look-up by what Douyin calls the order reads the whole table")
		number.Minor = true
		findings = append(findings, number)
	}
	return append(findings, s.checkOurTables(ctx))
}

// shopTable is a table of the shop with the columns that are read.
type shopTable struct {
	key     string // in the config: shop.tables.<key>
	name    string
	columns []string
}

func (s *Store) shopTables() []shopTable {
	t, c := s.schema.Tables, s.schema.Columns
	order := shopTable{"order", t.Order, []string{c.ID, c.UserID, c.ProductID, c.CourseID, c.Price, c.Amount, c.CreateTime}}
	for _, optional := range []string{c.SN, c.ThirdOrderNum, c.Status, c.OrderNo, c.UpdatedAt} {
		if optional != "" && !slices.Contains(order.columns, optional) { // order_no is the key by default
			order.columns = append(order.columns, optional)
		}
	}
	order.columns = append(order.columns, s.schema.FilterColumns()...)
	order.columns = append(order.columns, s.schema.TradeColumns()...)
	return []shopTable{
		order,
		{"user", t.User, []string{c.User.ID, c.User.OpenID}},
		{"product", t.Product, []string{c.Product.ID, c.Product.CoverImg}},
		{"course", t.Course, []string{c.Course.ID, c.Course.Name}},
	}
}

// checkTable reads the table's columns one by one only when all together fail, to name the one that is missing.
func (s *Store) checkTable(ctx context.Context, t shopTable) Finding {
	what := "table " + t.name + " (" + strings.Join(t.columns, ", ") + ")"
	if err := s.readNothing(ctx, "*", t.name); err != nil {
		return failed(what, err, "set shop.tables."+t.key+" to the table's name, prefix included, and GRANT SELECT on it")
	}
	for _, column := range t.columns {
		if err := s.readNothing(ctx, quote(column), t.name); err != nil {
			return failed("table "+t.name+", column "+column, err, "set the key under shop.columns (or shop.filter, or shop.trade) that names "+column+" to the shop's name for it")
		}
	}
	if t.key == "order" {
		return s.checkTypes(ctx, what)
	}
	return Finding{OK: true, What: what}
}

func (s *Store) readNothing(ctx context.Context, columns, table string) error {
	rows, err := s.db.WithContext(ctx).Raw("SELECT " + columns + " FROM " + quote(table) + " WHERE 1 = 0").Rows()
	if err != nil {
		return err
	}
	return errors.Join(rows.Err(), rows.Close())
}

// checkTypes compares the order table's column types with shop.money and shop.time.
func (s *Store) checkTypes(ctx context.Context, what string) Finding {
	c := s.schema.Columns
	rows, err := s.db.WithContext(ctx).Raw("SELECT " + columnList("", []string{c.Price, c.Amount, c.CreateTime}) + " FROM " + quote(s.schema.Tables.Order) + " WHERE 1 = 0").Rows()
	if err != nil {
		return failed(what, err, "GRANT SELECT on it")
	}
	defer rows.Close() //nolint:errcheck // nothing is read
	found, err := rows.ColumnTypes()
	if err = errors.Join(err, rows.Err()); err != nil {
		return failed(what, err, "GRANT SELECT on it")
	}
	good := Finding{OK: true, What: what}
	for i, column := range []string{c.Price, c.Amount} {
		name := strings.ToUpper(found[i].DatabaseTypeName())
		switch {
		case strings.Contains(name, "FLOAT") || strings.Contains(name, "DOUBLE") || name == "REAL":
			good = Finding{Minor: true, What: column + " is a " + name, Cure: shop.FloatCure}
		case s.schema.Money == InFen && name == "DECIMAL":
			return Finding{What: column + " is a DECIMAL, and shop.money is fen", Cure: "set shop.money to yuan if the column holds yuan"}
		case s.schema.Money == Yuan && shop.IsInteger(name):
			return Finding{What: column + " is an integer, and shop.money is yuan", Cure: "set shop.money to fen if the column holds fen"}
		}
	}
	if number := shop.IsInteger(found[2].DatabaseTypeName()); number != (s.schema.Time != Datetime) {
		return Finding{What: c.CreateTime + " is a " + found[2].DatabaseTypeName() + ", and shop.time is " + string(s.schema.Time), Cure: "set shop.time to what the column holds: unix, unix_ms or datetime"}
	}
	return good
}

// checkSweepIndex looks for an index that begins with the column that the sweep reads by.
func (s *Store) checkSweepIndex(ctx context.Context) Finding {
	c := s.schema.Columns
	column := c.CreateTime
	if c.UpdatedAt != "" {
		column = c.UpdatedAt
	}
	return s.checkIndex(ctx, column, "the sweep", "every sweep reads the whole table")
}

// CheckBackfillIndex looks for an index that begins with the column that a backfill reads by. An error of the database becomes
// a finding.
func (s *Store) CheckBackfillIndex(ctx context.Context) Finding {
	return s.checkIndex(ctx, s.schema.Columns.CreateTime, "a backfill", "every batch of a backfill reads the whole table")
}

func (s *Store) checkIndex(ctx context.Context, column, user, without string) Finding {
	table := s.schema.Tables.Order
	if view, err := s.isView(ctx, table); err != nil || view {
		return s.checkView(ctx, column, user, err)
	}
	what := "index on " + table + " (" + column + ") for " + user
	switch there, err := s.indexed(ctx, column); {
	case err != nil:
		return failed(what, err, "let the account read information_schema")
	case !there:
		return Finding{What: what + " is missing", Cure: "CREATE INDEX " + column + " ON " + quote(table) + " (" + quote(column) + "); without it " + without}
	}
	return Finding{OK: true, What: what}
}

// indexed tells whether an index of the order table begins with a column.
func (s *Store) indexed(ctx context.Context, column string) (bool, error) {
	table := s.schema.Tables.Order
	query := "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND column_name = ? AND seq_in_index = 1"
	database, name, qualified := strings.Cut(table, ".")
	args := []any{sql.NullString{String: database, Valid: qualified}, name, column}
	if !qualified {
		args[1] = table
	}
	if s.sql.sqlite {
		query = "SELECT COUNT(*) FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = ?"
		args = []any{table, column}
	}
	var n int
	err := s.db.WithContext(ctx).Raw(query, args...).Row().Scan(&n)
	return n > 0, err
}

// isView tells whether the order table is a view.
func (s *Store) isView(ctx context.Context, table string) (bool, error) {
	database, name, qualified := strings.Cut(table, ".")
	if !qualified {
		name = table
	}
	query := "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ? AND table_type LIKE '%VIEW'"
	args := []any{sql.NullString{String: database, Valid: qualified}, name}
	if s.sql.sqlite {
		query, args = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'view' AND name = ?", []any{table}
	}
	var n int
	err := s.db.WithContext(ctx).Raw(query, args...).Row().Scan(&n)
	return n > 0, err
}

// checkView explains a read of a view by a column, in place of looking for an index: a view has none,
// and goes through those of its tables or through none.
func (s *Store) checkView(ctx context.Context, column, user string, err error) Finding {
	table := s.schema.Tables.Order
	what := "view " + table + " (" + column + ") for " + user
	if err != nil {
		return failed(what, err, "let the account read information_schema")
	}
	if s.sql.sqlite {
		return Finding{OK: true, What: what}
	}
	t := quote(column)
	e := explained{what, shop.Statement{SQL: "SELECT " + t + " FROM " + quote(table) + " WHERE " + t + " >= 0 ORDER BY " + t + " LIMIT 1"}, column, "let the view answer a bare column as " + column}
	return s.explain(ctx, e)[0]
}

// checkOurTables looks for migrations that wait, and writes and rolls back.
func (s *Store) checkOurTables(ctx context.Context) Finding {
	const what = ourTablesWhat
	if f := s.checkSchema(ctx); !f.OK {
		return f
	}
	tx := s.db.WithContext(ctx).Begin()
	if tx.Error != nil {
		return failed(what, tx.Error, "see the error")
	}
	defer tx.Rollback()
	for _, statement := range []string{
		"INSERT INTO `ordersync_order` (`order_id`, `outcome`, `created_at`, `updated_at`) VALUES (' doctor', 'pending', '2000-01-01 00:00:00', '2000-01-01 00:00:00')",
		"UPDATE `ordersync_order` SET `seq` = 0 WHERE `order_id` = ' doctor'",
		"DELETE FROM `ordersync_order` WHERE `order_id` = ' doctor'",
	} {
		if err := tx.Exec(statement).Error; err != nil {
			return failed(what, err, writeCure(err))
		}
	}
	tx.Rollback()
	if err := errors.Join(s.ProbeWrite(ctx), s.probeSpace(ctx)); err != nil {
		return failed(what, err, writeCure(err))
	}
	return Finding{OK: true, What: what}
}

// writeCure is what helps where a write was refused.
func writeCure(err error) string {
	var my *mysql.MySQLError
	if !errors.As(err, &my) {
		return "see the error"
	}
	switch my.Number {
	case 3, 1021, 1026, 1030, 1114:
		return "make room on the disk of the database"
	case 1290, 1792, 1836:
		return "the database is read only: let mysql.dsn name the primary, or end read_only there"
	}
	return grantCure
}

func failed(what string, err error, cure string) Finding {
	return Finding{Waits: passing(err), What: what + ": " + cut.To(err.Error(), maxMessage), Cure: cure}
}
