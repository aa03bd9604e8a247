package store

import (
	"errors"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// ErrOrderNotFound: the shop has no such order, or Schema.Filter keeps it out.
var ErrOrderNotFound = errors.New("store: order not found")

// What is read of a shop is package shop's.
type (
	ColumnError = shop.ColumnError
	Fen         = shop.Fen
	Order       = shop.Order
	User        = shop.User
	Line        = shop.Line
	Place       = shop.Place
	Values      = shop.Values

	Schema     = shop.Schema
	Tables     = shop.Tables
	Columns    = shop.Columns
	ShopSQL    = shop.SQL
	TextError  = shop.TextError
	TimeFormat = shop.TimeFormat
	MoneyUnit  = shop.MoneyUnit
)

// The units of a Schema.
const (
	Unix     = shop.Unix
	UnixMS   = shop.UnixMS
	Datetime = shop.Datetime
	Yuan     = shop.Yuan
	InFen    = shop.InFen
)

// DefaultSchema has the names that the PHP class uses.
func DefaultSchema() Schema { return shop.DefaultSchema() }

// ParseYuan is package shop's.
func ParseYuan(s string) (Fen, error) { return shop.ParseYuan(s) }

// OrderSnapshot is one order with all that a push needs.
type OrderSnapshot struct {
	// System is the one in which it was paid, or is to be: State's, or as it is decided now. Empty:
	// nothing of the order could be read.
	System    System
	Order     Order
	User      User
	Lines     []Line // in the shop's order; none: no push can be made of it
	DetailURL string // empty: the configuration's
	// State is what decides about a push of what we know of Douyin's side: OrderID, Seq, Open,
	// StartedAt, UpdateTime, Digest, ShopStatus, ShopUpdated, Outcome, DueAt and what there is of
	// trade; Store.Order has the rest. The zero value: ordersync_order has no row of the order.
	State   OrderState
	Refunds RefundSummary
}

// RefundSummary is an order's refunds that went through ordersync.
type RefundSummary struct {
	// Paid is what may be paid back: the amount of the shop's order; where there are refunds, the
	// payment that Douyin confirmed, if any, less Douyin's discount.
	Paid       Fen
	Succeeded  Fen // paid back
	InFlight   Fen // new, sending or submitted
	LastFailed Fen // amount of the refund that ended last, where it failed; 0: it succeeded, or there is none
}

// Outcome is how the newest attempt at an order ended, as it stands in ordersync_order.outcome. It is
// one of those below; ordersync_log.outcome may be a MoneyState, too: see LogRow.
type Outcome string

// The outcomes.
const (
	Pending  Outcome = "pending"  // known to need a push, none attempted since
	Sending  Outcome = "sending"  // an attempt has begun and its end was not seen yet
	Pushed   Outcome = "pushed"   // Douyin holds the order as it was read
	Settled  Outcome = "settled"  // nothing to tell: Douyin holds this already (never in a table)
	Refused  Outcome = "refused"  // cannot be pushed until somebody mends the cause
	Retrying Outcome = "retrying" // failed, a retry is scheduled
	GaveUp   Outcome = "gave_up"  // failed at its last attempt; the sweep takes over
	Ignored  Outcome = "ignored"  // the shop's status has no word of Douyin's
	Kept     Outcome = "kept"     // of trade: Douyin keeps the order by itself, and has been told what it is to be told
)

// OrderState is a row of ordersync_order.
type OrderState struct {
	OrderID    string    // the shop's key
	OrderNo    string    // what Douyin gets as order_id; empty: not known yet
	Seq        int64     // attempts begun so far, and one more for each payment that has decided System; 0: none
	Open       int       // attempts begun whose end was not seen: above 0 nobody knows what Douyin holds
	StartedAt  time.Time // when the newest one was begun; zero: none was
	UpdateTime int64     // last update_time sent or about to be sent, in the unit of then; 0: none

	// What Douyin holds. It counts only while Open is 0 and the newest attempt succeeded: see Told.
	Status int    // order_status
	Digest string // of the content; empty: unknown

	ShopStatus string // the shop's status value when the outcome was written
	// ShopUpdated is Order.Updated as it was read for the outcome; empty: not known.
	ShopUpdated string
	Outcome     Outcome
	Kind        string     // douyin.Kind as text, or incomplete, not_found, database, ... ; empty on success
	Code        int        // Douyin's number; 0: none
	Message     string     // Douyin's words, or ours
	LogID       string     // X-Tt-Logid of the newest answer
	Attempts    int        // since the last success
	PushedAt    *time.Time // the last push that Douyin took; nil: none
	DueAt       *time.Time // when the sweep shall ask again; nil: never
	UntoldAt    *time.Time // since when nothing that was tried has told Douyin; nil: nothing failed since it was told
	CreatedAt   time.Time  // of the row
	UpdatedAt   time.Time  // when an attempt began or ended last, or the row was made

	System     System // in which it was paid, or is to be; empty: not decided yet
	Fulfilled  string // of trade: the to_status that Douyin holds; empty: none was told
	FulfilSent string // of trade: the to_status that was announced, and may be at Douyin without our knowing; empty: none
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
