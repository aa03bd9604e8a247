package simulator

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"
)

// Config says which app the simulator plays and how it behaves. The zero value is usable: any app,
// strict fields, no faults.
type Config struct {
	AppID         string // empty: every app id is taken
	Secret        string // empty: every secret is taken
	Salt          string // of ecpay's request signature; a request that was signed with another is refused
	CallbackToken string // of the callbacks' signature

	// Now is what is written down and compared; pauses pass as Pause says. nil: time.Now.
	Now func() time.Time
	// Pause lets d pass before a result, a redelivery or a deadline; it is false when ctx ended
	// before. It must be safe for concurrent use. nil: real time.
	Pause func(ctx context.Context, d time.Duration) bool
	Rand  rand.Source // of token values, nonces and the seed of the faults; nil: the same fixed seed at every start

	// TokenTTL is the life of an access_token. 0: 7200 s, as Douyin's.
	TokenTTL time.Duration
	// RequirePayment refuses the push of an order that create_order has not made (40022), as the
	// live platform did in 2023.
	RequirePayment bool
	// OnOldUpdate says what becomes of a push whose update_time is not greater than the last one.
	OnOldUpdate OldUpdate
	// Unit says which update_time is taken.
	Unit Unit

	// NotifyURL is where callbacks go when the request names no notify_url; empty: nowhere.
	NotifyURL string
	// ResultDelay passes between the acceptance of a refund or settlement and its result. 0: 50 ms.
	ResultDelay time.Duration
	// RedeliveryScale stretches Douyin's pauses between deliveries of a callback, which begin with
	// 15 s and take a day together. 0: 1, the real ones; 0.001 makes the first pause 15 ms.
	RedeliveryScale float64
	// SettleAfter is how long after the payment an order can be settled. 0: at once. The real cycle
	// depends on the category.
	SettleAfter time.Duration
	// SettleTooEarly is the code of a settlement before its time. 0: 2010. UNCONFIRMED: no list of
	// settle's codes is published.
	SettleTooEarly int

	// NumbersAfter is what Douyin's numbers of orders, refunds and settlements are counted from,
	// below 10^11. 0: they begin at 1 at every start, so a database that outlives the simulator
	// would meet a number twice.
	NumbersAfter int64

	// Keep writes down what changed, for Restore. It is called before anybody can see the change: an
	// answer or a callback tells of nothing that is not written down. It must be safe for concurrent
	// use and call nothing of the simulator's. What it fails to write comes again with the next
	// change. nil: nothing is written down.
	Keep func(changed []Record) error

	// Trade is the second generation.
	Trade Trade

	// Latency is waited before every answer of Douyin's, on top of what the faults add.
	Latency time.Duration
	// Slim keeps of every order only its state in numbers, its digest and its counts: no history
	// and no order_detail.
	Slim bool
	// History is how many pushes are kept for each order, the newest ones; counts are exact beyond
	// it. 0: 256.
	History int
	// MaxOrders bounds the memory: pushes of further orders are answered with -1. 0: one million.
	MaxOrders int
	// HangBound ends a hang when the client does not. 0: one minute.
	HangBound time.Duration

	Log zerolog.Logger // of the control interface and of callbacks; calls are counted, never logged
}

// OldUpdate is the fate of a push that is not newer than what the simulator holds.
type OldUpdate int

// The document of 2023 says that such a push "may be ignored"; nothing is known of an error.
const (
	IgnoreOld OldUpdate = iota // answered with success, without effect
	AcceptOld                  // takes effect, and is a regression in the ledger when it made the order older
)

// Unit is the unit of update_time. Numbers of other than 10 or 13 digits are refused in every unit.
type Unit int

// Documents before September 2023 say milliseconds, later ones seconds.
const (
	EitherUnit   Unit = iota // 10 digits are seconds, 13 digits are milliseconds; they are compared as instants
	Seconds                  // 10 digits only
	Milliseconds             // 13 digits only
)

// previousTokenLife is how long the old token lives after a new one was fetched (TOKEN).
const previousTokenLife = 5 * time.Minute

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pause == nil {
		c.Pause = pause
	}
	if c.Rand == nil {
		c.Rand = rand.NewPCG(1, 2)
	}
	if c.TokenTTL <= 0 {
		c.TokenTTL = 7200 * time.Second
	}
	if c.History <= 0 {
		c.History = 256
	}
	if c.MaxOrders <= 0 {
		c.MaxOrders = 1_000_000
	}
	if c.ResultDelay <= 0 {
		c.ResultDelay = resultDelay
	}
	if c.RedeliveryScale <= 0 {
		c.RedeliveryScale = 1
	}
	if c.SettleTooEarly == 0 {
		c.SettleTooEarly = settleTooEarly
	}
	if c.HangBound <= 0 {
		c.HangBound = time.Minute
	}
	c.Trade = c.Trade.withDefaults(c.RedeliveryScale)
	return c
}
