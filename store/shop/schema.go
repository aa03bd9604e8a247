package shop

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Schema says how the shop names what is read. Start from DefaultSchema; a Schema whose Tables and
// Columns are both zero has the default names. With SQL, Tables, Columns and Filter are not looked at.
type Schema struct {
	SQL     SQL // the zero value: Tables and Columns tell
	Tables  Tables
	Columns Columns
	// Filter keeps other channels' orders out: column of the order table to the values that it may
	// have. All columns have to agree. Empty: every order is Douyin's.
	Filter map[string]Values
	// Trade tells which orders are of Douyin's second payment system: column of the order table, or of
	// SQL.Order, to the values that it has then. All columns have to agree. Empty: no order by that.
	Trade map[string]Values
	Time  TimeFormat // empty: Unix
	Money MoneyUnit  // empty: Yuan
}

// Tables are the shop's four tables; each may be qualified with a database ("shop.order"). None may be
// empty, unless all of Tables and Columns are.
type Tables struct {
	Order, User, Product, Course string
}

// Columns are the names of the shop's columns: those of the order table, then those of the others.
// Where nothing is said of empty, it is a fault.
type Columns struct {
	ID, UserID, ProductID, CourseID string // keys: of the order, and those of the other tables
	Price, Amount, CreateTime       string // of the one line, of the whole order, when it was made
	SN                              string // payment number where ThirdOrderNum's is empty; empty: the shop has none
	ThirdOrderNum                   string // Douyin's number of the payment; empty: the shop has none
	Status                          string // empty: the shop has none
	OrderNo                         string // what Douyin gets as order_id; empty: ID
	UpdatedAt                       string // when it changed last; empty: the shop has none

	User    struct{ ID, OpenID string }
	Product struct{ ID, CoverImg string }
	Course  struct{ ID, Name string }
}

// SQL are SELECTs of the shop's own, for a shop that Tables and Columns cannot describe. Order empty:
// there are none.
type SQL struct {
	Order   string // one row for each order
	Items   string // one row for each line of an order; empty: Order names the one line
	Changes string // what the sweep reads; empty: Order
}

// Values are what a column may hold: one of Texts, each compared as text, or NULL. The zero value,
// nothing, is a fault.
type Values struct {
	Texts []string
	Null  bool // NULL is one of them
}

// TimeFormat is how the shop writes create_time. The zero value is unix.
type TimeFormat string

// MoneyUnit is how the shop writes price and amount. The zero value is yuan.
type MoneyUnit string

// The formats and the units.
const (
	Unix     TimeFormat = "unix"     // seconds since 1970
	UnixMS   TimeFormat = "unix_ms"  // milliseconds since 1970
	Datetime TimeFormat = "datetime" // DATETIME, TIMESTAMP or text, in the DSN's loc
	Yuan     MoneyUnit  = "yuan"     // DECIMAL
	InFen    MoneyUnit  = "fen"      // integer
)

// DefaultSchema has the names that the PHP class uses.
func DefaultSchema() Schema {
	s := Schema{
		Tables: Tables{Order: "order", User: "dy_user", Product: "product", Course: "course"},
		Columns: Columns{
			ID: "id", UserID: "uid", ProductID: "product_id", CourseID: "course_id", Price: "price", Amount: "amount",
			CreateTime: "create_time", SN: "sn", ThirdOrderNum: "third_order_num", Status: "status",
		},
		Time:  Unix,
		Money: Yuan,
	}
	s.Columns.User.ID, s.Columns.User.OpenID = "id", "openid"
	s.Columns.Product.ID, s.Columns.Product.CoverImg = "id", "cover_img"
	s.Columns.Course.ID, s.Columns.Course.Name = "id", "name"
	return s
}

// WithDefaults is the schema with everything said that is left out.
func (s Schema) WithDefaults() Schema {
	if s.Tables == (Tables{}) && s.Columns == (Columns{}) {
		d := DefaultSchema()
		s.Tables, s.Columns = d.Tables, d.Columns
	}
	if s.Columns.OrderNo == "" {
		s.Columns.OrderNo = s.Columns.ID
	}
	if s.Time == "" {
		s.Time = Unix
	}
	if s.Money == "" {
		s.Money = Yuan
	}
	return s
}

var (
	tableName  = regexp.MustCompile(`^[A-Za-z0-9_$]{1,64}(\.[A-Za-z0-9_$]{1,64})?$`)
	columnName = regexp.MustCompile(`^[A-Za-z0-9_$]{1,64}$`)
)

// Validate tells whether every name is an identifier that may stand in SQL, and every SELECT is one.
// The error names the first that is not; it is a *TextError where it is a SELECT.
func (s Schema) Validate() error {
	s = s.WithDefaults()
	if err := s.validUnits(); err != nil {
		return err
	}
	if err := validValues("trade", s.Trade); err != nil {
		return err
	}
	if s.SQL != (SQL{}) {
		return s.SQL.Validate()
	}
	t, c := s.Tables, s.Columns
	for _, n := range []struct{ what, name string }{
		{"tables.order", t.Order}, {"tables.user", t.User}, {"tables.product", t.Product}, {"tables.course", t.Course},
	} {
		if !tableName.MatchString(n.name) {
			return fmt.Errorf("store: %s: %q is not a table name: want letters, digits, _ or $, at most 64, optionally database.table", n.what, n.name)
		}
	}
	for _, n := range []struct {
		what, name string
		optional   bool
	}{
		{"id", c.ID, false}, {"uid", c.UserID, false}, {"product_id", c.ProductID, false}, {"course_id", c.CourseID, false},
		{"price", c.Price, false}, {"amount", c.Amount, false}, {"create_time", c.CreateTime, false}, {"sn", c.SN, true},
		{"third_order_num", c.ThirdOrderNum, true}, {"status", c.Status, true}, {"order_no", c.OrderNo, false},
		{"updated_at", c.UpdatedAt, true}, {"user.id", c.User.ID, false}, {"user.openid", c.User.OpenID, false},
		{"product.id", c.Product.ID, false}, {"product.cover_img", c.Product.CoverImg, false},
		{"course.id", c.Course.ID, false}, {"course.name", c.Course.Name, false},
	} {
		if n.optional && n.name == "" {
			continue
		}
		if !columnName.MatchString(n.name) {
			return fmt.Errorf("store: columns.%s: %q is not a column name: want letters, digits, _ or $, at most 64", n.what, n.name)
		}
	}
	return validValues("filter", s.Filter)
}

func validValues(key string, columns map[string]Values) error {
	for _, column := range sortedColumns(columns) {
		if !columnName.MatchString(column) {
			return fmt.Errorf("store: %s: %q is not a column name", key, column)
		}
		if w := columns[column]; len(w.Texts) == 0 && !w.Null {
			return fmt.Errorf("store: %s: %s: want a value, a list of them, or null", key, column)
		}
	}
	return nil
}

func (s Schema) validUnits() error {
	if s.Time != Unix && s.Time != UnixMS && s.Time != Datetime {
		return fmt.Errorf("store: time: %q is unknown: want unix, unix_ms or datetime", s.Time)
	}
	if s.Money != Yuan && s.Money != InFen {
		return fmt.Errorf("store: money: %q is unknown: want yuan or fen", s.Money)
	}
	return nil
}

// FilterColumns are the filter's columns, always in the same order.
func (s Schema) FilterColumns() []string { return sortedColumns(s.Filter) }

// TradeColumns are those of Trade, always in the same order.
func (s Schema) TradeColumns() []string { return sortedColumns(s.Trade) }

func sortedColumns(columns map[string]Values) []string {
	return slices.Sorted(maps.Keys(columns))
}

// filterSQL is the filter as a condition over the order table called o, "1 = 1" without one, and its arguments.
func (s Schema) filterSQL() (string, []any) {
	if len(s.Filter) == 0 {
		return "1 = 1", nil
	}
	return allOf(s.Filter, func(column string) string { return "o." + Quote(column) })
}

// tradeSQL tells of a row of o whether its order is of trade; empty where no column does. A column of a
// SELECT may have no type in SQLite, which then takes '1' and 1 for two values.
func (r *Reading) tradeSQL() (string, []any) {
	if len(r.schema.Trade) == 0 {
		return "", nil
	}
	return allOf(r.schema.Trade, func(column string) string {
		if r.sqlite {
			return "CAST(o." + Quote(column) + " AS TEXT)"
		}
		return "o." + Quote(column)
	})
}

func allOf(columns map[string]Values, expr func(column string) string) (string, []any) {
	var conditions []string
	var args []any
	for _, column := range sortedColumns(columns) {
		condition, values := columns[column].condition(expr(column))
		conditions = append(conditions, condition)
		args = append(args, values...)
	}
	return strings.Join(conditions, " AND "), args
}

// condition is that of one column.
func (w Values) condition(column string) (string, []any) {
	if len(w.Texts) == 0 {
		return column + " IS NULL", nil
	}
	args := make([]any, len(w.Texts))
	for i, text := range w.Texts {
		args[i] = text
	}
	condition := column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ") + ")"
	if w.Null {
		condition = "(" + condition + " OR " + column + " IS NULL)"
	}
	return condition, args
}

// Quote quotes a validated identifier. MySQL's backtick is understood by MariaDB and by SQLite too.
func Quote(name string) string {
	return "`" + strings.ReplaceAll(name, ".", "`.`") + "`"
}
