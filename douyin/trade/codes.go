package trade

import (
	"errors"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// Names of the calls: douyin.Error.Op, the op of Gate.Enter and of Config.OnCall.
const (
	OpOrderQuery   = douyin.TradePrefix + "order.query"
	OpRefundCreate = douyin.TradePrefix + "refund.create"
	OpRefundQuery  = douyin.TradePrefix + "refund.query"
	OpRefundAudit  = douyin.TradePrefix + "refund.audit"
	OpSettleCreate = douyin.TradePrefix + "settle.create"
	OpSettleQuery  = douyin.TradePrefix + "settle.query"
	OpFulfil       = douyin.TradePrefix + "fulfil"
	OpTagQuery     = douyin.TradePrefix + "tag.query"

	// Sets of calls, in the table.
	opAsk    = OpOrderQuery + ", " + OpRefundQuery + ", " + OpSettleQuery + ", " + OpTagQuery
	opRefund = OpRefundCreate + ", " + OpRefundAudit
	opSettle = OpSettleCreate + ", " + OpSettleQuery
	opTrade  = opAsk + ", " + opRefund + ", " + OpSettleCreate + ", " + OpFulfil
)

// methods are the calls' names in the address (TRADE-SDK).
var methods = map[string]string{
	OpOrderQuery:   "order_query",
	OpRefundCreate: "refund_create",
	OpRefundQuery:  "refund_query",
	OpRefundAudit:  "refund_audit_callback",
	OpSettleCreate: "settle_create",
	OpSettleQuery:  "settle_query",
	OpFulfil:       "fulfill_push_status",
	OpTagQuery:     "tag_query",
}

// DefaultRates are calls per second for gate.Config.Rates. No page names a limit of these calls
// (UNCONFIRMED), so they are careful ones.
func DefaultRates() map[string]int {
	rates := make(map[string]int, len(methods))
	for op := range methods {
		rates[op] = 20
	}
	return rates
}

// What lies beneath some errors, beside douyin.ErrNotFound, douyin.ErrNotYet and
// douyin.ErrConfiguration (errors.Is).
var (
	// ErrExists: Douyin has the developer's number already. Ask the query what became of it before
	// anything else is sent.
	ErrExists = errors.New("Douyin has this number already; ask what became of it")
	// ErrAutoSettle: the app settles automatically, so every settlement of the shop's is refused
	// until one of the two is switched off.
	ErrAutoSettle = errors.New("the app settles automatically at Douyin; switch off one of the two")
	// ErrRight: the app may not make this call; no other token helps. It is a douyin.ErrConfiguration
	// as well.
	ErrRight error = rightError{}
)

type rightError struct{}

func (rightError) Error() string {
	return "the app lacks the right to this call; open the capability in Douyin's console (能力, 解决方案) and publish it"
}

// Is makes ErrRight a kind of douyin.ErrConfiguration, in words of its own.
func (rightError) Is(target error) bool { return target == douyin.ErrConfiguration }

const (
	throttled = 3 * time.Second // after 12001: "wait 2 to 3 s" (COPY-TRADE)
	crowded   = time.Minute     // after 10020: the window of the limit is 5 minutes (CLIENT-TOKEN)
)

// rules are looked through in order, the first that fits decides. Tags name the source of each: see
// the package's Sources. A refusal that concerns money and that was seen in the twin of the industry
// system only (COPY-TRADE-TWIN) is Doubtful: whoever asked asks the query before he believes it.
var rules = []douyin.Rule{
	// The client_token. Missing parameter; unknown client_key; wrong key or secret (COPY-TOKEN); more
	// than 500 fetches in 5 minutes (CLIENT-TOKEN).
	{Op: douyin.OpClientToken, Code: 10002, Kind: douyin.Rejected},
	{Op: douyin.OpClientToken, Code: 10003, Kind: douyin.Unauthorized, Cause: douyin.ErrCredentials},
	{Op: douyin.OpClientToken, Code: 10013, Kind: douyin.Unauthorized, Cause: douyin.ErrCredentials},
	{Op: douyin.OpClientToken, Code: 10020, Kind: douyin.Throttled, Wait: crowded},
	{Op: douyin.OpClientToken, Kind: douyin.Unavailable},

	// The token of a call: fetch another, once. The numbers are the gateway's (DOUYIN-OPEN) and the
	// industry system's (COPY-TRADE-TWIN); for these calls UNCONFIRMED.
	{Code: 11002, Kind: douyin.Unauthorized},
	{Code: 28001003, Kind: douyin.Unauthorized},
	{Code: 28001008, Kind: douyin.Unauthorized},
	{Code: 2190002, Kind: douyin.Unauthorized},
	{Code: 2190008, Kind: douyin.Unauthorized},
	// The app lacks the right: the capability is not opened or not published. No other token helps.
	{Code: 11006, Kind: douyin.Unauthorized, Cause: ErrRight},    // provider not authorised (COPY-TRADE)
	{Code: 28001014, Kind: douyin.Unauthorized, Cause: ErrRight}, // (DOUYIN-OPEN), as the next three
	{Code: 28001016, Kind: douyin.Unauthorized, Cause: ErrRight},
	{Code: 28001018, Kind: douyin.Unauthorized, Cause: ErrRight},
	{Code: 28001019, Kind: douyin.Unauthorized, Cause: ErrRight},
	{Code: 2190004, Kind: douyin.Unauthorized, Cause: ErrRight}, // (COPY-TRADE-TWIN)
	// Too many calls.
	{Code: 12001, Kind: douyin.Throttled, Wait: throttled},    // (COPY-TRADE)
	{Code: 28003017, Kind: douyin.Throttled, Wait: throttled}, // quota or rate (DOUYIN-OPEN)
	// Douyin's own state. After a call that moves money, ask before anything is sent again.
	{Code: 13000, Kind: douyin.Unavailable, MayHave: true},    // mostly a timeout (COPY-TRADE)
	{Code: 28001005, Kind: douyin.Unavailable, MayHave: true}, // busy (DOUYIN-OPEN), as the next
	{Code: 28001006, Kind: douyin.Unavailable, MayHave: true},
	{Code: 2100004, Kind: douyin.Unavailable, MayHave: true}, // busy (COPY-TRADE-TWIN)
	{Op: opSettle, Code: 23000, Kind: douyin.Unavailable, MayHave: true},
	// The request itself.
	{Code: 10000, Kind: douyin.Rejected}, // parameter (COPY-TRADE)
	{Code: 10002, Kind: douyin.Rejected}, // the body cannot be read (COPY-TRADE)
	{Code: 11001, Kind: douyin.Rejected}, // another app's data (COPY-TRADE)
	{Code: 12002, Kind: douyin.Rejected}, // risk control of the account (COPY-TRADE)
	// No such record (TRADE-ORDER, TRADE-REFUND).
	{Op: opAsk, Code: 20000, Kind: douyin.Rejected, Cause: douyin.ErrNotFound},

	// Refunds (COPY-TRADE-TWIN).
	{Op: OpRefundAudit, Code: 22006, Kind: douyin.Unavailable, Cause: douyin.ErrNotYet}, // an earlier step is not finished
	{Op: OpRefundCreate, Code: 22004, Kind: douyin.Doubtful, Cause: ErrExists},
	{Op: opRefund, Code: 22007, Kind: douyin.Rejected}, // more than 100 items

	// Settlements (COPY-SETTLE).
	{Op: OpSettleCreate, Code: 23107, Kind: douyin.Unavailable, Cause: douyin.ErrNotYet}, // cycle or fulfilment not finished
	{Op: OpSettleCreate, Code: 23113, Kind: douyin.Unavailable, Cause: douyin.ErrNotYet}, // no item can be settled now
	{Op: OpSettleCreate, Code: 23111, Kind: douyin.Doubtful, Cause: ErrExists},
	{Op: OpSettleCreate, Code: 23117, Kind: douyin.Rejected, Cause: ErrAutoSettle},
	{Op: opSettle, Code: 23001, Kind: douyin.Rejected}, // 23001 to 23010: a field is missing or too long
	{Op: opSettle, Code: 23002, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23003, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23004, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23005, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23006, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23007, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23008, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23009, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23010, Kind: douyin.Rejected},
	{Op: opSettle, Code: 23024, Kind: douyin.Rejected}, // unknown item
	{Op: opSettle, Code: 23025, Kind: douyin.Rejected}, // item of another order
	{Op: opSettle, Code: 23101, Kind: douyin.Rejected}, // unknown order
	{Op: opSettle, Code: 23118, Kind: douyin.Rejected}, // items were settled, so the whole cannot be

	// Everything else is a refusal whose meaning is not confirmed: 20001 and 22000, 22001, 22002,
	// 22008, 22009, 22013 of refunds, 23102, 23112 and the cut list after 23118 of settlements, and
	// whatever nobody has seen. Ask before it is believed.
	{Op: opTrade, Kind: douyin.Doubtful},
}

// WhatIsRefused is what a number of trade with douyin.Unauthorized speaks of: ErrRight,
// douyin.ErrCredentials, or ErrToken. nil: it is none of those numbers.
func WhatIsRefused(code int) error {
	for _, r := range rules {
		if r.Code == code && r.Kind == douyin.Unauthorized {
			if r.Cause == nil {
				return ErrToken
			}
			return r.Cause
		}
	}
	return nil
}

// ErrToken: the token is refused. Another process may have replaced it a moment ago; what waits is
// asked again with the new one.
var ErrToken = errors.New("douyin refuses the token")
