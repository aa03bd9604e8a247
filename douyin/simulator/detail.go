package simulator

import "fmt"

// orderDetail is order_detail of order_type 0 (ORDER-SYNC). Its texts are slices of the call.
type orderDetail struct {
	seen             uint32
	orderID          []byte
	createTime       int64
	status           []byte
	amount           int64
	totalPrice       int64
	detailURL        []byte
	detailURLBackend []byte
	items            int
	itemsPrice       int64 // sum of item_list[].price
}

const (
	hasOrderID = 1 << iota
	hasCreateTime
	hasStatus
	hasAmount
	hasTotalPrice
	hasDetailURL
	hasDetailURLBackend
	hasItemList
)

const (
	itemCode = 1 << iota
	itemImg
	itemTitle
	itemSubTitle
	itemAmount
	itemPrice
)

// requirement is a field that must have come.
type requirement struct {
	bit  uint32
	name string
}

// detailRequired: the amount is optional in the 2021 document and required since.
var detailRequired = []requirement{
	{hasOrderID, "order_id"}, {hasCreateTime, "create_time"}, {hasStatus, "status"}, {hasAmount, "amount"},
	{hasTotalPrice, "total_price"}, {hasDetailURL, "detail_url"}, {hasItemList, "item_list"},
}

// itemRequired: item_code is optional in the 2021 document, and the PHP shops that live by it do
// not send it.
var itemRequired = []requirement{
	{itemImg, "img"}, {itemTitle, "title"}, {itemAmount, "amount"}, {itemPrice, "price"},
}

func missing(seen uint32, required []requirement) string {
	for _, r := range required {
		if seen&r.bit == 0 {
			return r.name
		}
	}
	return ""
}

// read reads order_detail and checks every field of it by itself.
func (d *orderDetail) read(sc *scanner) error {
	err := sc.object(func(key []byte) error {
		switch string(key) {
		case "order_id":
			return sc.once(&d.seen, hasOrderID, "order_id", &d.orderID)
		case "create_time":
			return sc.onceInt(&d.seen, hasCreateTime, "create_time", &d.createTime)
		case "status":
			return sc.once(&d.seen, hasStatus, "status", &d.status)
		case "amount":
			return sc.onceInt(&d.seen, hasAmount, "amount", &d.amount)
		case "total_price":
			return sc.onceInt(&d.seen, hasTotalPrice, "total_price", &d.totalPrice)
		case "detail_url":
			return sc.once(&d.seen, hasDetailURL, "detail_url", &d.detailURL)
		case "detail_url_backend":
			return sc.once(&d.seen, hasDetailURLBackend, "detail_url_backend", &d.detailURLBackend)
		case "item_list":
			return d.readItems(sc)
		}
		return unknownField(key)
	})
	if err == nil {
		err = sc.end()
	}
	if err != nil {
		return err
	}
	return d.check()
}

func (d *orderDetail) readItems(sc *scanner) error {
	if err := claim(&d.seen, hasItemList, "item_list"); err != nil {
		return err
	}
	item := -1
	err := sc.array(func(i int) error {
		item = i
		return d.readItem(sc)
	})
	switch {
	case err != nil && item < 0:
		return &fieldError{field: "item_list", reason: err.Error()}
	case err != nil:
		return &fieldError{field: fmt.Sprintf("item_list[%d]", item), reason: err.Error()}
	}
	d.items = item + 1
	return nil
}

func (d *orderDetail) readItem(sc *scanner) error {
	var seen uint32
	var code, img, title, subTitle []byte
	var amount, price int64
	err := sc.object(func(key []byte) error {
		switch string(key) {
		case "item_code":
			return sc.once(&seen, itemCode, "item_code", &code)
		case "img":
			return sc.once(&seen, itemImg, "img", &img)
		case "title":
			return sc.once(&seen, itemTitle, "title", &title)
		case "sub_title":
			return sc.once(&seen, itemSubTitle, "sub_title", &subTitle)
		case "amount":
			return sc.onceInt(&seen, itemAmount, "amount", &amount)
		case "price":
			return sc.onceInt(&seen, itemPrice, "price", &price)
		}
		return unknownField(key)
	})
	if err != nil {
		return err
	}
	if name := missing(seen, itemRequired); name != "" {
		return &fieldError{field: name, reason: "is missing"}
	}
	d.itemsPrice += price
	return first(
		bytesAtMost("item_code", code, 0, 64),
		bytesAtMost("img", img, 1, 512),
		bytesAtMost("title", title, 1, 256),
		bytesAtMost("sub_title", subTitle, 0, 256),
		atLeast("amount", amount, 1),
		atLeast("price", price, 0),
	)
}

func (d *orderDetail) check() error {
	if name := missing(d.seen, detailRequired); name != "" {
		return &fieldError{field: name, reason: "is missing"}
	}
	if d.items == 0 {
		return &fieldError{field: "item_list", reason: "is empty"}
	}
	return first(
		bytesAtMost("order_id", d.orderID, 1, 64),
		bytesAtMost("detail_url", d.detailURL, 1, 1024),
		bytesAtMost("detail_url_backend", d.detailURLBackend, 0, 1024),
		atLeast("amount", d.amount, 1),
		atLeast("total_price", d.totalPrice, 0),
		milliseconds("create_time", d.createTime),
	)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func bytesAtMost(field string, text []byte, least, most int) error {
	switch {
	case len(text) < least:
		return &fieldError{field: field, reason: "is empty"}
	case len(text) > most:
		return &fieldError{field: field, reason: fmt.Sprintf("%d bytes, at most %d are allowed", len(text), most)}
	}
	return nil
}

func atLeast(field string, n, least int64) error {
	if n < least {
		return &fieldError{field: field, reason: fmt.Sprintf("must be at least %d", least)}
	}
	return nil
}

const (
	leastSeconds      = 1_000_000_000
	leastMilliseconds = 1_000_000_000_000
)

func isSeconds(n int64) bool      { return leastSeconds <= n && n < 10*leastSeconds }
func isMilliseconds(n int64) bool { return leastMilliseconds <= n && n < 10*leastMilliseconds }

func milliseconds(field string, n int64) error {
	if !isMilliseconds(n) {
		return &fieldError{field: field, reason: "want milliseconds, 13 digits"}
	}
	return nil
}
