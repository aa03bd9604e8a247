package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Querier runs a SELECT: a *sql.DB, or what GORM has below it.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Database is what has to be known of the database besides the shop.
type Database struct {
	SQLite bool           // else MySQL or MariaDB
	Zone   *time.Location // of times that are text; nil: UTC
}

// Statement is a SELECT with its arguments. One that Orders or Lines made goes on with its ids.
type Statement struct {
	SQL  string
	Args []any // one for each placeholder in SQL
}

// In is a statement of Orders or Lines for ids, which Reading.IDs made.
func (s Statement) In(ids []any) Statement {
	return Statement{s.SQL + strings.TrimSuffix(strings.Repeat("?, ", len(ids)), ", ") + ")", append(slices.Clip(s.Args), ids...)}
}

// source is where columns come from.
type source struct {
	from  string            // behind FROM, with the alias o
	hint  string            // behind SELECT, where only some of the columns are read
	where string            // a condition that always holds for what is Douyin's
	args  []any             // of where
	expr  map[string]string // our name of a column → the expression; absent: the shop has none
	types map[string]columnType
}

// selectFrom is a SELECT of columns, and of whatever else is to be read with them.
func (s source) selectFrom(columns []string, more, joins string) string {
	return s.selectWith("", columns, more, joins)
}

// selectSome is a SELECT of some of the columns, which pays for no other where the server can do without.
func (s source) selectSome(columns []string) string { return s.selectWith(s.hint, columns, "", "") }

func (s source) selectWith(hint string, columns []string, more, joins string) string {
	var b strings.Builder
	b.WriteString("SELECT " + hint)
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s.read(c))
	}
	b.WriteString(more + " FROM " + s.from + joins + " WHERE " + s.where)
	return b.String()
}

// read is the expression that reads a column. A FLOAT is made a double, for servers print six digits of it, and a BIT a number, for it
// comes as bytes. Conditions take expr: an index is of the column as it is.
func (s source) read(column string) string {
	switch kind := s.types[column]; {
	case kind.single:
		return s.expr[column] + " + 0e0"
	case kind.bit:
		return s.expr[column] + " + 0"
	}
	return s.expr[column]
}

// has are those of columns that the source has, in their order.
func (s source) has(columns []string) []string {
	var there []string
	for _, c := range columns {
		if s.expr[c] != "" {
			there = append(there, c)
		}
	}
	return there
}

// Reading is a shop that can be read. It is safe for concurrent use.
type Reading struct {
	schema Schema
	sqlite bool
	zone   *time.Location

	order source // with what stands beside the order
	own   source // the order's own row
	items source // the lines; no columns where the order names its one line
	sweep source

	orderColumns, ownColumns, itemColumns []string

	idSet, orderNoSet charset
}

// Open asks the database for the columns and their types. The error names what the configuration has
// to say otherwise, with the database's words; nothing is remembered of it.
func Open(ctx context.Context, db Querier, s Schema, d Database) (*Reading, error) {
	r := &Reading{schema: s.WithDefaults(), sqlite: d.SQLite, zone: d.Zone}
	if r.zone == nil {
		r.zone = time.UTC
	}
	compile := r.compileNames
	if s.SQL.Order != "" {
		compile = r.compileSelects
	}
	if err := compile(ctx, db); err != nil {
		return nil, err
	}
	r.orderColumns, r.ownColumns = r.order.has(allColumns), r.own.has(allColumns)
	r.itemColumns = r.items.has(lineColumns)
	return r, nil
}

// allColumns are our names of an order's columns, in the order in which they are read. The hidden
// ones only Tables and Columns can say.
var allColumns = []string{
	"id", "order_no", "user_id", "product_id", "course_id", "price", "amount", "create_time", "payment_no", "sn", "status", "updated_at",
	"user", "openid", "product", "image", "course", "title", "quantity", "item_code", "detail_url",
}

// lineColumns are those of a line.
var lineColumns = []string{"order_id", "title", "image", "quantity", "price", "item_code", "sub_title", "position"}

// compileNames makes the tables themselves and their joins the sources.
func (r *Reading) compileNames(ctx context.Context, db Querier) error {
	r.buildNames()
	columns := r.own.has(allColumns)
	var err error
	r.own.types, err = r.columnTypes(ctx, db, r.own.selectFrom(columns, "", "")+" AND 1 = 0", columns, r.own.args)
	if err == nil && !r.sqlite { // which compares any text with any other
		err = r.readCharsets(ctx, db)
	}
	if err != nil {
		return fmt.Errorf("shop's order table: %w", err)
	}
	r.sweep.types, r.order.types = r.own.types, r.own.types
	return r.checkTrade(ctx, db)
}

// checkTrade asks the database whether the columns of Schema.Trade are there.
func (r *Reading) checkTrade(ctx context.Context, db Querier) error {
	condition, args := r.tradeSQL()
	if condition == "" {
		return nil
	}
	_, err := emptyResult(ctx, db, "SELECT "+condition+" FROM "+r.own.from+" WHERE 1 = 0", args)
	if err != nil {
		return fmt.Errorf("shop.trade: shop's order table: %w", err)
	}
	return nil
}

func (r *Reading) buildNames() {
	c, t := r.schema.Columns, r.schema.Tables
	filter, args := r.schema.filterSQL()
	own := map[string]string{}
	for name, column := range map[string]string{
		"id": c.ID, "order_no": c.OrderNo, "user_id": c.UserID, "product_id": c.ProductID, "course_id": c.CourseID, "price": c.Price,
		"amount": c.Amount, "create_time": c.CreateTime, "sn": c.SN, "payment_no": c.ThirdOrderNum, "status": c.Status, "updated_at": c.UpdatedAt,
	} {
		if column != "" {
			own[name] = "o." + Quote(column)
		}
	}
	r.own = source{from: Quote(t.Order) + " o", where: filter, args: args, expr: own}
	r.sweep = r.own

	all := map[string]string{
		"user": "u." + Quote(c.User.ID), "openid": "u." + Quote(c.User.OpenID),
		"product": "p." + Quote(c.Product.ID), "image": "p." + Quote(c.Product.CoverImg),
		"course": "c." + Quote(c.Course.ID), "title": "c." + Quote(c.Course.Name),
	}
	for name, expr := range own {
		all[name] = expr
	}
	r.order = source{where: filter, args: args, expr: all, from: Quote(t.Order) + " o" +
		" LEFT JOIN " + Quote(t.User) + " u ON u." + Quote(c.User.ID) + " = o." + Quote(c.UserID) +
		" LEFT JOIN " + Quote(t.Product) + " p ON p." + Quote(c.Product.ID) + " = o." + Quote(c.ProductID) +
		" LEFT JOIN " + Quote(t.Course) + " c ON c." + Quote(c.Course.ID) + " = o." + Quote(c.CourseID)}
}

// ByNames tells whether the shop is described by Tables and Columns.
func (r *Reading) ByNames() bool { return r.schema.SQL.Order == "" }

// HasLines tells whether lines have rows of their own.
func (r *Reading) HasLines() bool { return len(r.itemColumns) > 0 }

// HasUpdated tells whether the sweep sees when an order changed.
func (r *Reading) HasUpdated() bool { return r.sweep.expr["updated_at"] != "" }

// MayBeUnmarked tells whether updated_at may say nothing until an order's first change: NULL, or 0.
func (r *Reading) MayBeUnmarked() bool {
	updated := r.sweep.types["updated_at"]
	return r.HasUpdated() && (updated.null || updated.number)
}

// UpdatedIsNumber tells whether updated_at holds numbers, and no DATETIME.
func (r *Reading) UpdatedIsNumber() bool { return r.sweep.types["updated_at"].number }

// ID and OrderNo are expressions over a statement of Orders.
func (r *Reading) ID() string { return r.order.read("id") }

// OrderNo is what Douyin gets as order_id; the key where the shop has no other.
func (r *Reading) OrderNo() string {
	if r.order.expr["order_no"] != "" {
		return r.order.read("order_no")
	}
	return r.ID()
}

// Orders is the statement that reads orders with all that stands beside them, and, behind a Row's
// columns, the columns more (", a, b") of joins, up to its ids. Own reads the orders' own rows alone.
func (r *Reading) Orders(more, joins string) Statement {
	return Statement{r.order.selectFrom(r.orderColumns, more, joins) + " AND " + r.order.expr["id"] + " IN (", r.order.args}
}

// OrdersAndTrade is Orders with one column more at the end: whether Schema.Trade takes the order for one
// of trade, NULL where a column of it is.
func (r *Reading) OrdersAndTrade(more, joins string) Statement {
	condition, args := r.tradeSQL()
	if condition == "" {
		return r.Orders(more+", NULL", joins)
	}
	q := r.Orders(more+", ("+condition+")", joins)
	q.Args = slices.Concat(args, q.Args)
	return q
}

// Own is the statement that reads the orders' own rows alone, up to its ids.
func (r *Reading) Own() Statement {
	return Statement{r.own.selectFrom(r.ownColumns, "", "") + " AND " + r.own.expr["id"] + " IN (", r.own.args}
}

// ByNumber is the statement that reads key and number of the orders with a number, at most limit.
// ok is false where there can be none.
func (r *Reading) ByNumber(orderNo string, limit int) (q Statement, ok bool) {
	if !r.orderNoSet.holds(orderNo) {
		return Statement{}, false
	}
	columns := []string{"id", "order_no"}
	return Statement{r.own.selectSome(columns) + " AND " + r.own.expr["order_no"] + " = ? LIMIT " + strconv.Itoa(limit),
		append(slices.Clip(r.own.args), orderNo)}, true
}

// KeyIsInteger tells whether the sweep's keys are whole numbers to the database.
func (r *Reading) KeyIsInteger() bool { return r.sweep.types["id"].number }

// Numbers reads key and number of orders and calls see for each row. Where the shop has no numbers of
// its own, they are the keys.
func (r *Reading) Numbers(ctx context.Context, db Querier, ids []string, see func(id, orderNo string)) error {
	args := r.IDs(ids)
	if args == nil {
		return nil
	}
	no := r.own.expr["order_no"]
	if no == "" {
		no = r.own.expr["id"]
	}
	var id, orderNo sql.NullString
	q := Statement{"SELECT " + r.own.hint + r.own.expr["id"] + ", " + no + " FROM " + r.own.from + " WHERE " + r.own.where + " AND " + r.own.expr["id"] + " IN (", r.own.args}
	return each(ctx, db, q.In(args), []any{&id, &orderNo}, func() { see(id.String, orderNo.String) })
}

// KeyIsNumber tells whether what Douyin gets as order_id is the shop's key.
func (r *Reading) KeyIsNumber() bool {
	no := r.own.expr["order_no"]
	return no == "" || no == r.own.expr["id"]
}

// IDs are those ids that the shop can have, each once, in the type of its key.
func (r *Reading) IDs(ids []string) (args []any) {
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		arg, ok := idArg(id, r.own.types["id"].number)
		if ok && !asked[id] && r.idSet.holds(id) {
			asked[id] = true
			args = append(args, arg)
		}
	}
	return args
}

// idArg is an order id in the type of the shop's key; ok is false when the shop can have no such
// order. A text would make MySQL compare as floating point numbers, and a number would make it read
// every row of a text key.
func idArg(orderID string, numeric bool) (arg any, ok bool) {
	if !numeric {
		return orderID, orderID != ""
	}
	n, err := strconv.ParseInt(orderID, 10, 64)
	if err == nil && strconv.FormatInt(n, 10) == orderID {
		return n, true
	}
	u, err := strconv.ParseUint(orderID, 10, 64)
	if err == nil && strconv.FormatUint(u, 10) == orderID {
		return u, true
	}
	return nil, false
}

// columnTypes reads an empty result; columns are our names of it.
func (r *Reading) columnTypes(ctx context.Context, db Querier, query string, columns []string, args []any) (map[string]columnType, error) {
	found, err := emptyResult(ctx, db, query, args)
	types := make(map[string]columnType, len(found))
	for i, t := range found {
		types[columns[i]] = r.typeOf(t)
	}
	return types, err
}

func emptyResult(ctx context.Context, db Querier, query string, args []any) ([]*sql.ColumnType, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // nothing is read from it
	found, err := rows.ColumnTypes()
	return found, errors.Join(err, rows.Err(), rows.Close())
}
