package shop

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// columns of a SELECT of the shop's.
type selectColumns struct {
	needed, optional []string
	also             []string // columns of Schema.Trade
}

var (
	orderSelect = selectColumns{
		needed:   []string{"id", "openid", "status", "amount", "create_time"},
		optional: []string{"order_no", "payment_no", "updated_at", "title", "image", "price", "quantity", "item_code", "detail_url"},
	}
	itemsSelect = selectColumns{
		needed:   []string{"order_id", "title", "image", "quantity", "price"},
		optional: []string{"item_code", "sub_title", "position"},
	}
	changesSelect = selectColumns{
		needed:   []string{"id", "status", "create_time"},
		optional: []string{"updated_at"},
	}
)

// compileSelects makes the shop's SELECTs the sources, each in brackets.
func (r *Reading) compileSelects(ctx context.Context, db Querier) error {
	q := r.schema.SQL
	wanted := orderSelect
	for _, column := range sortedColumns(r.schema.Trade) {
		wanted.also = append(wanted.also, strings.ToLower(column))
	}
	if q.Items == "" { // then the order names its line
		wanted.needed = append(slices.Clip(wanted.needed), "title", "image")
	}
	if err := r.compileSelect(ctx, db, "order", q.Order, wanted, &r.order); err != nil {
		return err
	}
	r.own, r.sweep = r.order, r.order
	if q.Items != "" {
		if err := r.compileSelect(ctx, db, "items", q.Items, itemsSelect, &r.items); err != nil {
			return err
		}
	}
	if q.Changes != "" {
		return r.compileSelect(ctx, db, "changes", q.Changes, changesSelect, &r.sweep)
	}
	return nil
}

// mergeHint makes MySQL read the shop's tables in place of a table that it makes of the SELECT first. By itself
// it does so only where no SELECT stands in the list of columns: one that fails for a single order would fail
// each statement over its range, and LIMIT would cut a range that was worked out whole. To other servers, and
// where the SELECT cannot be merged, the hint says nothing.
const mergeHint = "/*+ MERGE(o) */ "

// compileSelect fills in a source.
func (r *Reading) compileSelect(ctx context.Context, db Querier, key, text string, wanted selectColumns, into *source) error {
	key = sqlKey + key
	text, err := bare(text)
	if err != nil {
		return &TextError{key, err.Error()}
	}
	from := "(" + text + ") o"
	types, err := emptyResult(ctx, db, "SELECT * FROM "+from+" WHERE 1 = 0 LIMIT 0", nil)
	if err != nil {
		if letsNobodyIn(err) {
			return fmt.Errorf("%s cannot be looked at: %w", key, err)
		}
		return fmt.Errorf("%s: the database refuses it: %w", key, err)
	}
	*into = source{from: from, hint: mergeHint, where: "1 = 1", expr: map[string]string{}, types: map[string]columnType{}}
	for _, t := range types {
		name := strings.ToLower(t.Name())
		switch {
		case !slices.Contains(wanted.needed, name) && !slices.Contains(wanted.optional, name) && !slices.Contains(wanted.also, name):
			return &TextError{key, fmt.Sprintf("the column %s has no meaning here: %s", t.Name(), wanted)}
		case into.expr[name] != "":
			return &TextError{key, "answers two columns called " + name}
		}
		into.expr[name] = "o." + Quote(name)
		into.types[name] = r.typeOf(t)
	}
	for _, name := range wanted.also {
		if into.expr[name] == "" {
			return &TextError{key, fmt.Sprintf("answers no column called %s, which shop.trade names", name)}
		}
	}
	var missing []string
	for _, name := range wanted.needed {
		if into.expr[name] == "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return &TextError{key, fmt.Sprintf("answers no column called %s: %s", strings.Join(missing, ", "), wanted)}
	}
	return nil
}

// letsNobodyIn tells whether the database has not looked at the statement: it let nobody in, or was not
// reached.
func letsNobodyIn(err error) bool {
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return slices.Contains([]uint16{1040, 1044, 1045, 1049, 1053, 1129, 1130, 1203, 1226, 1698, 1820, 1862}, refused.Number)
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn)
}

func (c selectColumns) String() string {
	return "want " + strings.Join(c.needed, ", ") + ", and perhaps " + strings.Join(c.optional, ", ")
}
