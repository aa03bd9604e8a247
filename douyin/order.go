package douyin

import (
	"context"
	"time"
)

// OrderPush is what Douyin's order centre is told of one order (order_type 0), without the token.
type OrderPush struct {
	OpenID         string      // of this mini-app, produced on a phone inside Douyin
	Status         OrderStatus // order_status; order_detail.status is its text, so that the two always agree
	UpdateTime     int64       // in the shop's TimeUnit; grows with every push of the same order
	PaymentOrderNo string      // Douyin's number of the ecpay order
	Detail         OrderDetail
}

// OrderDetail is order_detail of order_type 0. It travels as JSON text inside the JSON body.
type OrderDetail struct {
	OrderID    string      // at most 64 bytes; equals ecpay's out_order_no
	CreateTime int64       // milliseconds since 1970, whatever the unit of UpdateTime
	Amount     int         // number of goods in total
	TotalPrice int64       // fen
	DetailURL  string      // page of the mini-app, at most 1024 bytes
	Items      []OrderItem // at least one
}

// OrderItem is one entry of order_detail.item_list.
type OrderItem struct {
	ItemCode string // at most 64 bytes; left out when empty, as the PHP class does
	Img      string // absolute URL, at most 512 bytes
	Title    string // at most 256 bytes
	SubTitle string // at most 256 bytes
	Amount   int    // how many, at least 1
	Price    int64  // fen, of the whole line
}

// Receipt tells how a call went. It is filled as far as things are known also when the call failed.
type Receipt struct {
	HTTPStatus int           // 0 without an answer
	LogID      string        // X-Tt-Logid
	Duration   time.Duration // of the last HTTP exchange; 0: there was none
	Request    []byte        // the body sent, with token and openid masked; nil when nothing was sent
	Response   []byte        // the body received, at most 4 KiB, valid UTF-8
}

// FieldError is a value that Douyin would refuse, found before anything is sent.
type FieldError struct {
	Field  string // Douyin's name: "open_id", "order_detail.item_list[0].img"
	Reason string // what was expected and what was found, without personal data
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// TimeUnit is the unit of update_time. Documents before September 2023 say 13-digit milliseconds
// (COPY-2021-ORDER), later ones 10-digit seconds (COPY-2023-ORDER); which holds today is
// UNCONFIRMED. order_detail.create_time is milliseconds in all of them.
type TimeUnit int

// Milliseconds is the zero value: shops that come from the PHP class have sent milliseconds
// already, and Douyin may ignore a smaller number later.
const (
	Milliseconds TimeUnit = iota
	Seconds
)

// Next is the update_time of the next push of an order whose last one carried last (0: none):
// max(now, last+1). A last value in milliseconds does not bind a shop that has changed over to
// seconds: no number of seconds could follow it.
func (u TimeUnit) Next(now time.Time, last int64) int64 {
	const leastMilliseconds = 100_000_000_000 // 1973 in milliseconds, the year 5138 in seconds
	if u == Milliseconds {
		return max(now.UnixMilli(), last+1)
	}
	if last >= leastMilliseconds {
		return now.Unix()
	}
	return max(now.Unix(), last+1)
}

// Tokens hands out the app's access_token.
type Tokens interface {
	// Token returns the current token, fetching one when there is none. Errors are *Error.
	Token(ctx context.Context) (string, error)
	// Invalidate throws the token away if it is still the stale one; a no-op when another token is
	// current already.
	Invalidate(ctx context.Context, stale string) error
}

// Gate stands before every call to Douyin: the rate limit and the circuit breaker. A nil Gate lets
// every call pass.
type Gate interface {
	// Enter waits until the call named op may be made, heeding ctx. When it may not be made for
	// now, the error is an *Error of Kind Paused and nothing was sent. After the call, done is told
	// how it ended (nil: answered).
	Enter(ctx context.Context, op string) (done func(error), err error)
}
