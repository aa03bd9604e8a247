package store

import (
	"errors"
	"fmt"
	"time"
)

// ErrOrderNotFound: the shop has no such order, or Schema.Filter keeps it out.
var ErrOrderNotFound = errors.New("store: order not found")

// ColumnError is a value in the shop's tables that cannot be used, such as a price with a fraction of a fen.
type ColumnError struct {
	Table, Column string // as the shop names them
	Row           string // primary key
	Reason        string // what was expected and what was found; never personal data
}

func (e *ColumnError) Error() string {
	return fmt.Sprintf("%s.%s of row %s: %s", e.Table, e.Column, e.Row, e.Reason)
}

// Fen is money in 分, hundredths of a yuan.
type Fen int64

// OrderSnapshot is one order with all that a push needs, read in one consistent view of the database.
type OrderSnapshot struct {
	Order   Order
	User    User
	Product Product
	Course  Course
	// State is what decides about a push of what we know of Douyin's side: OrderID, Seq, Open, StartedAt, UpdateTime, Digest,
	// ShopStatus, ShopUpdated, Outcome and DueAt; Store.Order has the rest. The zero value: ordersync_order has no row of the order.
	State   OrderState
	Refunds RefundSummary
}

// RefundSummary is an order's refunds that went through ordersync.
type RefundSummary struct {
	Paid       Fen // the amount of the shop's order; where there are refunds, the payment that Douyin confirmed, if any
	Succeeded  Fen // paid back
	InFlight   Fen // new, sending or submitted
	LastFailed Fen // amount of the refund that ended last, where it failed; 0: it succeeded, or there is none
}

// Order is a row of the shop's order table.
type Order struct {
	ID            string // the shop's key
	OrderNo       string // what Douyin gets as order_id (Schema column order_no; the key by default)
	UserID        string
	ProductID     string
	CourseID      string
	Price         Fen // of the line
	Amount        Fen // of the order: the column is called amount in the PHP class's schema and holds money
	CreateTime    time.Time
	SN            string
	ThirdOrderNum string
	Status        string // the shop's own value as text; empty when the shop has no status column
	Updated       string // the shop's updated_at in a form that only compares; empty when the shop has none
}

// User is the buyer. Found of this and of the other rows beside the order is false when the row does not exist.
type User struct {
	Found  bool
	OpenID string
}

// Product is the row whose picture Douyin shows.
type Product struct {
	Found    bool
	CoverImg string
}

// Course is the row whose name Douyin shows.
type Course struct {
	Found bool
	Name  string
}

// Outcome is how the newest attempt at an order ended, as it stands in ordersync_order.outcome and ordersync_log.outcome.
type Outcome string

const (
	Pending  Outcome = "pending"  // known to need a push, none attempted since
	Sending  Outcome = "sending"  // an attempt has begun and its end was not seen yet
	Pushed   Outcome = "pushed"   // Douyin holds the order as it was read
	Settled  Outcome = "settled"  // nothing to tell: Douyin holds this already (only in logs, never stored)
	Refused  Outcome = "refused"  // cannot be pushed until somebody mends the cause
	Retrying Outcome = "retrying" // failed, a retry is scheduled
	GaveUp   Outcome = "gave_up"  // failed at its last attempt; the sweep takes over
	Ignored  Outcome = "ignored"  // the shop's status has no word of Douyin's
)

// OrderState is a row of ordersync_order.
type OrderState struct {
	OrderID    string
	OrderNo    string
	Seq        int64 // attempts begun so far; 0: none
	Open       int   // attempts begun whose end was not seen; above 0 nothing is known of what Douyin holds
	StartedAt  time.Time
	UpdateTime int64 // last update_time sent or about to be sent, in Douyin's unit

	// What Douyin holds. It counts only while Open is 0 and the newest attempt succeeded: see Told.
	Status int    // order_status
	Digest string // of the content; empty: unknown

	ShopStatus string // the shop's status value when the outcome was written
	// ShopUpdated is Order.Updated as it was read for the outcome; empty: not known.
	ShopUpdated string
	Outcome     Outcome
	Kind        string // douyin.Kind as text, or incomplete, not_found, database, payload, ... ; empty on success
	Code        int    // Douyin's number
	Message     string // Douyin's words, or ours
	LogID       string
	Attempts    int // since the last success
	PushedAt    *time.Time
	DueAt       *time.Time // when the sweep shall ask again; nil: never
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Told is the order_status that Douyin holds, sent with UpdateTime. known is false while nobody
// knows what Douyin holds: an attempt is open, the newest one failed, or none was ever made.
func (s OrderState) Told() (status int, known bool) {
	if s.Open > 0 || s.Digest == "" {
		return 0, false
	}
	return s.Status, true
}

// Holds tells whether Douyin is known to hold the content with this digest.
func (s OrderState) Holds(digest string) bool {
	_, known := s.Told()
	return known && s.Digest == digest
}
