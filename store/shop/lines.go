package shop

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"github.com/ordersync/ordersync/store/cell"
)

// Lines are the lines of orders, by the order's key.
type Lines struct {
	Of  map[string][]Line // in the shop's order; an order without lines is missing
	Bad map[string]error  // *ColumnError of the first line that cannot be used
}

// Lines reads the lines of orders, which IDs made arguments of, in one statement.
func (r *Reading) Lines(ctx context.Context, db Querier, ids []string) (Lines, error) {
	found := Lines{map[string][]Line{}, map[string]error{}}
	var args []any
	for _, id := range ids {
		if arg, ok := idArg(id, r.items.types["order_id"].number); ok {
			args = append(args, arg)
		}
	}
	if args == nil {
		return found, nil
	}
	q := r.LinesOf(args)
	rows, err := db.QueryContext(ctx, q.SQL, q.Args...)
	if err != nil {
		return found, fmt.Errorf("%sitems: %w", sqlKey, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var w lineRow
	into := w.into(r.itemColumns)
	placed := map[string][]placedLine{}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return found, fmt.Errorf("%sitems: %w", sqlKey, err)
		}
		id := w.orderID.String
		line, bad := w.line(r)
		placed[id] = append(placed[id], placedLine{line, w.position.String, bad})
	}
	if err := rows.Err(); err != nil {
		return found, fmt.Errorf("%sitems: %w", sqlKey, err)
	}
	for id, lines := range placed {
		slices.SortStableFunc(lines, byPosition)
		for i, l := range lines {
			found.Of[id] = append(found.Of[id], l.Line)
			if l.bad != nil && found.Bad[id] == nil {
				found.Bad[id] = l.bad.OfLine(i+1, len(lines))
			}
		}
	}
	return found, nil
}

// LinesOf is the statement that reads the lines of orders.
func (r *Reading) LinesOf(ids []any) Statement {
	return Statement{r.items.selectFrom(r.itemColumns, "", "") + " AND " + r.items.expr["order_id"] + " IN (", nil}.In(ids)
}

type placedLine struct {
	Line
	position string
	bad      *ColumnError // why it cannot be used; nil: it can
}

// byPosition orders whole numbers as numbers and the rest as text.
func byPosition(a, b placedLine) int {
	m, errA := strconv.ParseInt(a.position, 10, 64)
	n, errB := strconv.ParseInt(b.position, 10, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(m, n)
	}
	return cmp.Compare(a.position, b.position)
}

// lineRow is a line as it comes.
type lineRow struct {
	orderID, title, image, quantity, price, itemCode, subTitle, position sql.NullString
}

func (w *lineRow) into(columns []string) []any {
	cells := map[string]any{
		"order_id": &w.orderID, "title": &w.title, "image": &w.image, "quantity": &w.quantity, "price": &w.price, "item_code": &w.itemCode,
		"sub_title": &w.subTitle, "position": &w.position,
	}
	into := make([]any, len(columns))
	for i, c := range columns {
		into[i] = cells[c]
	}
	return into
}

// line makes a line usable; bad says why it is not.
func (w *lineRow) line(r *Reading) (l Line, bad *ColumnError) {
	l = Line{Title: w.title.String, Image: w.image.String, ItemCode: w.itemCode.String, SubTitle: w.subTitle.String}
	o := Order{ID: w.orderID.String}
	var reason cell.Reason
	if l.Quantity, reason = readNumber(w.quantity); reason != "" {
		return l, r.schema.Place("quantity", o).Refused(reason, "")
	}
	if l.Price, reason = r.schema.readMoney(w.price, r.items.types["price"]); reason != "" {
		return l, r.schema.Place("price", o).Refused(reason, "")
	}
	return l, nil
}
