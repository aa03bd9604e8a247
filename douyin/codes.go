package douyin

import "strings"

// Names of the calls: Error.Op, the op of Gate.Enter, the first column of the table below.
const (
	OpOrderPush  = "order.push"
	OpTokenFetch = "token.fetch"
	// OpTokenCache is a failure of the place where processes share the token, not of Douyin.
	OpTokenCache = "token.cache"
)

// Numbers that speak of Douyin's own state, not of the call.
const (
	codeSystem   = -1   // "系统错误，请重试" (order push, token)
	codeInternal = 1000 // ecpay: internal error, may have succeeded
	codeBusy     = 1001 // ecpay: busy
)

// rule is what one number of Douyin's means for one call.
type rule struct {
	op      string // the call; empty: all calls
	code    int
	words   string // the message must contain this, compared in lower case; empty: any message
	kind    Kind
	mayHave bool  // Douyin itself does not know whether the call took effect
	cause   error // becomes Error.Err
}

// rules are looked through in order, the first that fits decides. Sources: the copies of Douyin's documentation and the
// forum posts named in the comments. No complete official table of the order push is known (UNCONFIRMED).
var rules = []rule{
	// Busy, whatever the call (ecpay's table).
	{code: codeBusy, kind: Throttled},
	// "系统错误，请重试": Douyin's page of 2021 and live answers of 2026.
	{code: codeSystem, kind: Unavailable, mayHave: true},

	// Order push: the token (40002: page of 2021; 40004: live 2024; 40014: "bad access token" in SDK samples, but
	// "http 参数错误" on the page of 2021, so the words decide).
	{op: OpOrderPush, code: 40002, kind: Unauthorized},
	{op: OpOrderPush, code: 40004, kind: Unauthorized},
	{op: OpOrderPush, code: 40014, words: "token", kind: Unauthorized},
	{op: OpOrderPush, code: 40014, kind: Rejected},
	// Order push: the open_id (40003: page of 2021; 40012: live 2023; 40031: live 2024).
	{op: OpOrderPush, code: 40003, kind: Rejected},
	{op: OpOrderPush, code: 40012, kind: Rejected},
	{op: OpOrderPush, code: 40031, kind: Rejected},
	{op: OpOrderPush, code: 40016, kind: Rejected}, // app_name
	// "担保交易支付订单不存在" (live 2023): the payment order may lag behind. Otherwise business_line (2021).
	{op: OpOrderPush, code: 40022, words: "不存在", kind: Unavailable},
	{op: OpOrderPush, code: 40022, kind: Rejected},
	{op: OpOrderPush, code: 40099, kind: Rejected}, // "order_detail字段格式错误", live 2023

	// Token: app id, secret, grant type (Douyin's page), address not on the allow list (third-party pages).
	{op: OpTokenFetch, code: 40015, kind: Unauthorized, cause: ErrCredentials},
	{op: OpTokenFetch, code: 40017, kind: Unauthorized, cause: ErrCredentials},
	{op: OpTokenFetch, code: 40020, kind: Unauthorized, cause: ErrCredentials},
	{op: OpTokenFetch, code: 40006, kind: Unauthorized, cause: ErrCredentials},
}

// meaning finds the rule for an answer other than 0. A number that nobody knows may be anything: the caller tries again.
func meaning(op string, code int, message string, custom map[int]Kind) rule {
	if kind, ok := custom[code]; ok {
		return rule{kind: kind, mayHave: kind == Unavailable}
	}
	message = strings.ToLower(message)
	for _, r := range rules {
		if r.code == code && (r.op == "" || r.op == op) && strings.Contains(message, r.words) {
			return r
		}
	}
	return rule{kind: Unavailable, mayHave: true}
}
