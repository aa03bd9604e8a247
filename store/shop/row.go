package shop

import (
	"cmp"
	"database/sql"
	"hash/maphash"
	"strings"

	"github.com/ordersync/ordersync/store/cell"
)

// Row is a row of a statement of Orders or Own as it comes. It may be scanned into again and again.
type Row struct {
	reading *Reading

	id, orderNo, userID, productID, courseID, price, amount, paymentNo, sn, status sql.NullString
	createTime, updated                                                            any
	user, openID, product, image, course, title, quantity, itemCode, detailURL     sql.NullString
}

// Row makes a row to scan into.
func (r *Reading) Row() *Row { return &Row{reading: r} }

// Into are the columns of Orders.
func (w *Row) Into() []any { return w.cells(w.reading.orderColumns) }

// IntoOwn are the columns of Own.
func (w *Row) IntoOwn() []any { return w.cells(w.reading.ownColumns) }

func (w *Row) cells(columns []string) []any {
	cell := map[string]any{
		"id": &w.id, "order_no": &w.orderNo, "user_id": &w.userID, "product_id": &w.productID, "course_id": &w.courseID, "price": &w.price,
		"amount": &w.amount, "create_time": &w.createTime, "payment_no": &w.paymentNo, "sn": &w.sn, "status": &w.status, "updated_at": &w.updated,
		"user": &w.user, "openid": &w.openID, "product": &w.product, "image": &w.image, "course": &w.course, "title": &w.title,
		"quantity": &w.quantity, "item_code": &w.itemCode, "detail_url": &w.detailURL,
	}
	into := make([]any, len(columns), len(columns)+20) // for what is read with them
	for i, c := range columns {
		into[i] = cell[c]
	}
	return into
}

// ID is the order's key.
func (w *Row) ID() string { return w.id.String }

// Own makes the order's own values usable. The error is a *ColumnError for the first that is not; the
// rest is filled.
func (w *Row) Own() (Order, error) {
	r, s := w.reading, w.reading.schema
	o := Order{
		ID: w.id.String, OrderNo: w.orderNo.String, UserID: w.userID.String, ProductID: w.productID.String, CourseID: w.courseID.String,
		SN: w.sn.String, PaymentNo: w.paymentNo.String, Status: w.status.String,
	}
	if r.order.expr["order_no"] == "" {
		o.OrderNo = o.ID
	}
	if !r.ByNames() {
		o.Beside = w.beside()
	}
	if r.ByNames() && phpEmpty(o.PaymentNo) {
		o.PaymentNo = w.sn.String
	}
	var first error
	refuse := func(column string, reason cell.Reason) {
		if reason != "" && first == nil {
			first = s.Place(column, o).Refused(reason, "")
		}
	}
	var reason cell.Reason
	if r.own.expr["price"] != "" && !r.HasLines() {
		o.Price, reason = s.readMoney(w.price, r.own.types["price"])
		refuse("price", reason)
	}
	o.Amount, reason = s.readMoney(w.amount, r.own.types["amount"])
	refuse("amount", reason)
	o.CreateTime, reason = r.readTime(w.createTime)
	refuse("create_time", reason)
	if r.own.expr["updated_at"] != "" {
		var err error
		if o.Updated, err = r.mark(w.updated); err != nil {
			refuse("updated_at", cell.NotTime)
		}
	}
	if r.own.expr["price"] == "" && !r.HasLines() { // the one line is the whole order
		o.Price = o.Amount
	}
	return o, first
}

// besideSeed is the process's own: nobody finds an open_id by its sum.
var besideSeed = maphash.MakeSeed()

// beside sums up the cells that are no values of Order.
func (w *Row) beside() uint64 {
	var h maphash.Hash
	h.SetSeed(besideSeed)
	for _, c := range []sql.NullString{w.openID, w.image, w.title, w.quantity, w.itemCode, w.detailURL} {
		maphash.WriteComparable(&h, c)
	}
	return h.Sum64()
}

// Found makes the whole row usable; where lines have rows of their own it has none of them. The error
// is a *ColumnError, as that of Own.
func (w *Row) Found() (Found, error) {
	r := w.reading
	order, first := w.Own()
	f := Found{Order: order, DetailURL: w.detailURL.String}
	f.User = User{Found: !r.ByNames() || sameKey(w.userID, w.user), OpenID: w.openID.String}
	if r.HasLines() {
		return f, first
	}
	line := Line{
		Title: w.title.String, Image: w.image.String, ItemCode: w.itemCode.String, Quantity: 1, Price: order.Price,
		NoTitle: r.ByNames() && !sameKey(w.courseID, w.course), NoImage: r.ByNames() && !sameKey(w.productID, w.product),
	}
	if r.order.expr["quantity"] != "" {
		n, reason := readNumber(w.quantity)
		if reason != "" && first == nil {
			first = r.schema.Place("quantity", order).Refused(reason, "")
		}
		line.Quantity = n
	}
	f.Lines = []Line{line}
	return f, first
}

// sameKey tells whether the row that the database has found by a key is the key's. Beside a column of numbers it
// takes a text for the number with which that begins: "12abc" finds 12, an empty text finds 0, and what has
// more than 15 digits finds its neighbour. Two texts are the same where it says so.
func sameKey(key, found sql.NullString) bool {
	if !key.Valid || !found.Valid {
		return false
	}
	a, b := strings.TrimRight(key.String, " "), strings.TrimRight(found.String, " ")
	a, aNumber := wholeNumber(a)
	b, bNumber := wholeNumber(b)
	return a == b || !aNumber && !bNumber
}

// wholeNumber is a text of digits without the zeros before it; ok is false for every other text.
func wholeNumber(text string) (digits string, ok bool) {
	sign := ""
	rest := text
	if strings.HasPrefix(rest, "-") {
		sign, rest = "-", rest[1:]
	}
	if rest == "" || strings.Trim(rest, "0123456789") != "" {
		return text, false
	}
	if rest = strings.TrimLeft(rest, "0"); rest == "" {
		return "0", true
	}
	return sign + rest, true
}

// Place tells where a column of an order stands, by our name of it.
func (s Schema) Place(column string, o Order) Place {
	if s.SQL.Order != "" {
		return Place{"", column, o.ID}
	}
	s = s.WithDefaults()
	t, c := s.Tables, s.Columns
	switch column {
	case "openid":
		return Place{t.User, c.User.OpenID, o.UserID}
	case "image":
		return Place{t.Product, c.Product.CoverImg, o.ProductID}
	case "title":
		return Place{t.Course, c.Course.Name, o.CourseID}
	}
	return Place{t.Order, cmp.Or(c.of(column), column), o.ID}
}

// of is the shop's name of a column of the order's table, by our name of it; empty: there is none.
// A push asks several times for each order, so it makes no map.
func (c Columns) of(column string) string {
	switch column {
	case "id":
		return c.ID
	case "user_id":
		return c.UserID
	case "product_id":
		return c.ProductID
	case "course_id":
		return c.CourseID
	case "order_no":
		return c.OrderNo
	case "price":
		return c.Price
	case "amount":
		return c.Amount
	case "create_time":
		return c.CreateTime
	case "status":
		return c.Status
	case "updated_at":
		return c.UpdatedAt
	case "payment_no":
		return cmp.Or(c.ThirdOrderNum, c.SN)
	}
	return ""
}
