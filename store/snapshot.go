package store

import (
	"errors"
	"time"

	"github.com/ordersync/ordersync/store/shop"
)

// ErrOrderNotFound: the shop has no such order, or Schema.Filter keeps it out.
var ErrOrderNotFound = errors.New("store: order not found")

// ErrSuperseded: another attempt for the same order has begun since the snapshot was read. Load again.
var ErrSuperseded = errors.New("store: superseded by another attempt")

// What is read of a shop is package shop's.
type (
	ColumnError = shop.ColumnError
	Fen         = shop.Fen
	Order       = shop.Order
	User        = shop.User
	Line        = shop.Line
	Place       = shop.Place

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
	Order     Order
	User      User
	Lines     []Line
	DetailURL string // empty: the configuration's
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

// Begin announces an attempt before anything is sent.
type Begin struct {
	OrderID    string
	OrderNo    string
	Seq        int64 // State.Seq of the snapshot that the attempt is made from
	UpdateTime int64 // the update_time about to be sent
	At         time.Time
	DueAt      time.Time // when the sweep shall look, should the end never be seen
	// Exists and Open are of the same snapshot: whether the order has a row in ordersync_order (State.OrderID is not empty),
	// and State.Open. They only choose a cheaper way of writing; zero is always right.
	Exists bool
	Open   int
	// StaleAfter: attempts begun longer ago than this before At are over, whether their end was seen or not
	// (longer than any HTTP call may take). Open counts from new then.
	StaleAfter time.Duration
}

// Push is the end of an attempt, or of a pass that sent nothing.
type Push struct {
	OrderID    string
	OrderNo    string
	Seq        int64 // that BeginPush returned; 0: nothing was sent (refused before sending, database error, ignored, ...)
	Cause      string
	TaskID     string
	Attempt    int // of the task, counted from 1
	At         time.Time
	Outcome    Outcome
	ShopStatus string
	// ShopUpdated is Order.Updated as it was read for this attempt.
	ShopUpdated string

	// With Outcome Pushed: what Douyin holds now.
	Status int
	Digest string
	// Seen is the order as it was read before the call, so that RecordPush can tell whether the shop has changed it since. Nil:
	// nobody asks.
	Seen *Order

	Kind       string
	Code       int
	Message    string
	LogID      string
	HTTPStatus int
	Duration   time.Duration
	DueAt      *time.Time
	Request    string // masked; kept in the log as Config.LogBodies says
	Response   string
}
