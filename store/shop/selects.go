package shop

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// columns of a SELECT of the shop's.
type selectColumns struct{ needed, optional []string }

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
	if q.Items == "" { // then the order names its line
		wanted.needed = append(slices.Clip(wanted.needed), "title", "image")
	}
	types, err := r.compileSelect(ctx, db, "order", q.Order, wanted, &r.order)
	if err != nil {
		return err
	}
	r.own, r.sweep = r.order, r.order
	r.numericID = types["id"].numeric
	r.numericSweepID = r.numericID
	r.numericUpdated, r.nullUpdated = types["updated_at"].numeric, types["updated_at"].null
	if q.Items != "" {
		if types, err = r.compileSelect(ctx, db, "items", q.Items, itemsSelect, &r.items); err != nil {
			return err
		}
		r.numericOrderID = types["order_id"].numeric
	}
	if q.Changes != "" {
		if types, err = r.compileSelect(ctx, db, "changes", q.Changes, changesSelect, &r.sweep); err != nil {
			return err
		}
		r.numericSweepID = types["id"].numeric
		r.numericUpdated, r.nullUpdated = types["updated_at"].numeric, types["updated_at"].null
	}
	return nil
}

// columnType is what has to be known of a column.
type columnType struct{ numeric, null bool }

// compileSelect fills in a source and tells what was found of its columns.
func (r *Reading) compileSelect(
	ctx context.Context, db Querier, key, text string, wanted selectColumns, into *source,
) (found map[string]columnType, err error) {
	key = sqlKey + key
	text, err = bare(text)
	if err != nil {
		return nil, &TextError{key, err.Error()}
	}
	from := "(" + text + ") o"
	types, err := columnTypes(ctx, db, "SELECT * FROM "+from+" WHERE 1 = 0 LIMIT 0")
	if err != nil {
		return nil, fmt.Errorf("%s: the database refuses it: %w", key, err)
	}
	*into = source{from: from, where: "1 = 1", expr: map[string]string{}}
	found = map[string]columnType{}
	for _, t := range types {
		name := strings.ToLower(t.Name())
		switch {
		case !slices.Contains(wanted.needed, name) && !slices.Contains(wanted.optional, name):
			return nil, &TextError{key, fmt.Sprintf("the column %s has no meaning here: %s", t.Name(), wanted)}
		case into.expr[name] != "":
			return nil, &TextError{key, "answers two columns called " + name}
		}
		into.expr[name] = "o." + Quote(name)
		found[name] = columnType{IsInteger(t.DatabaseTypeName()), nullable(t)}
	}
	var missing []string
	for _, name := range wanted.needed {
		if into.expr[name] == "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return nil, &TextError{key, fmt.Sprintf("answers no column called %s: %s", strings.Join(missing, ", "), wanted)}
	}
	return found, nil
}

func (c selectColumns) String() string {
	return "want " + strings.Join(c.needed, ", ") + ", and perhaps " + strings.Join(c.optional, ", ")
}
