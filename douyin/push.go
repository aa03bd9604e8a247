package douyin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

const pathOrderPush = "/api/apps/order/v2/push"

// PushOrder tells Douyin's order centre the state of one order (ORDER-SYNC). It is an upsert keyed
// by app and order id: sending the same twice does no harm.
//
// A value that Douyin would refuse is found before anything is sent: *Error of Kind Rejected around
// a *FieldError. A refused token is replaced and the push sent once more; nothing else is retried.
// The Receipt is of the last exchange and filled as far as things are known, also on failure.
func (c *Client) PushOrder(ctx context.Context, o OrderPush) (r Receipt, err error) {
	if err := o.Validate(); err != nil {
		return Receipt{}, &Error{Op: OpOrderPush, Kind: Rejected, Err: err}
	}
	b, err := o.body()
	if err != nil {
		return Receipt{}, &Error{Op: OpOrderPush, Kind: Rejected, Err: err}
	}
	if c.tokens == nil {
		return Receipt{}, &Error{Op: OpOrderPush, Kind: Unauthorized, Err: errNoTokens}
	}
	done, err := c.gate.Enter(ctx, OpOrderPush)
	if err != nil {
		return Receipt{}, asError(OpOrderPush, err)
	}
	defer func() { done(err) }()

	return authorized(ctx, c.tokens, OpTokenFetch, func(token string) (Receipt, error) { return c.push(ctx, b, token) })
}

func (c *Client) push(ctx context.Context, b pushBody, token string) (Receipt, error) {
	hidden := c.hidden(token, b.openID)
	a, err := c.caller.post(ctx, OpOrderPush, pathOrderPush, b.with(token), hidden...)
	return Receipt{
		HTTPStatus: a.status, LogID: a.logID, Duration: a.duration,
		Request: b.masked(), Response: keep(a.body, hidden...),
	}, err
}

// pushBody is the body without what differs between two exchanges, the token.
type pushBody struct {
	openID string
	quoted []byte // the open_id as JSON
	rest   []byte // "update_time":... to the closing brace
}

// The order of the fields is the PHP class's, so that two requests can be laid side by side.
type pushRest struct {
	UpdateTime     int64  `json:"update_time"`
	OrderDetail    string `json:"order_detail"`
	OrderType      int    `json:"order_type"`
	OrderStatus    int    `json:"order_status"`
	PaymentOrderNo string `json:"payment_order_no"`
}

type pushDetail struct {
	OrderID    string     `json:"order_id"`
	CreateTime int64      `json:"create_time"`
	Status     string     `json:"status"`
	Amount     int        `json:"amount"`
	TotalPrice int64      `json:"total_price"`
	DetailURL  string     `json:"detail_url"`
	ItemList   []pushItem `json:"item_list"`
}

type pushItem struct {
	ItemCode string `json:"item_code,omitempty"`
	Img      string `json:"img"`
	Title    string `json:"title"`
	SubTitle string `json:"sub_title"`
	Amount   int    `json:"amount"`
	Price    int64  `json:"price"`
}

// detail is order_detail as JSON text.
func (o OrderPush) detail() ([]byte, error) {
	d := pushDetail{
		OrderID: o.Detail.OrderID, CreateTime: o.Detail.CreateTime, Status: o.Status.Text(), Amount: o.Detail.Amount,
		TotalPrice: o.Detail.TotalPrice, DetailURL: o.Detail.DetailURL, ItemList: make([]pushItem, len(o.Detail.Items)),
	}
	for i, item := range o.Detail.Items {
		d.ItemList[i] = pushItem(item)
	}
	return marshal(d)
}

func (o OrderPush) body() (pushBody, error) {
	detail, err := o.detail()
	if err != nil {
		return pushBody{}, err
	}
	quoted, err := marshal(o.OpenID)
	if err != nil {
		return pushBody{}, err
	}
	rest, err := marshal(pushRest{UpdateTime: o.UpdateTime, OrderDetail: string(detail), OrderStatus: int(o.Status), PaymentOrderNo: o.PaymentOrderNo})
	if err != nil {
		return pushBody{}, err
	}
	return pushBody{openID: o.OpenID, quoted: quoted, rest: rest[1:]}, nil
}

func (b pushBody) with(token string) []byte {
	quoted, err := marshal(token)
	if err != nil { // a string always has a JSON form
		quoted = []byte(`""`)
	}
	return b.join(quoted, b.quoted, b.rest)
}

// masked is the body with nothing of the token and the open_id left, wherever it stands.
func (b pushBody) masked() []byte {
	mask := []byte(`"` + masked + `"`)
	return b.join(mask, mask, hide(b.rest, b.openID))
}

func (b pushBody) join(token, openID, rest []byte) []byte {
	const head, middle = `{"access_token":`, `,"app_name":"douyin","open_id":`
	out := make([]byte, 0, len(head)+len(token)+len(middle)+len(openID)+1+len(rest))
	out = append(append(append(out, head...), token...), middle...)
	return append(append(append(out, openID...), ','), rest...)
}

// Digest names the content of the push: lower-case hex SHA-256 over everything that Douyin is told
// but update_time and the token, each text behind its length. Two pushes have the same digest
// exactly when Douyin would be told the same. A changed digest of unchanged orders means that each
// is pushed once more, so a test holds one value.
func (o OrderPush) Digest() string {
	b := make([]byte, 0, 512)
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	number := func(n int64) { b = binary.AppendVarint(b, n) }
	text(o.OpenID)
	number(int64(o.Status))
	text(o.PaymentOrderNo)
	text(o.Detail.OrderID)
	number(o.Detail.CreateTime)
	number(int64(o.Detail.Amount))
	number(o.Detail.TotalPrice)
	text(o.Detail.DetailURL)
	number(int64(len(o.Detail.Items)))
	for _, i := range o.Detail.Items {
		text(i.ItemCode)
		text(i.Img)
		text(i.Title)
		text(i.SubTitle)
		number(int64(i.Amount))
		number(i.Price)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
