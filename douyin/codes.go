package douyin

import "strings"

// Names of the calls: Error.Op, the op of Gate.Enter, the first column of the table below.
const (
	OpOrderPush  = "order.push"
	OpTokenFetch = "token.fetch"
	// OpTokenCache is a failure of the place where processes share the token, not of Douyin.
	OpTokenCache = "token.cache"

	OpOrderCreate     = "order.create"
	OpOrderQuery      = "order.query"
	OpRefundCreate    = "refund.create"
	OpRefundQuery     = "refund.query"
	OpSettleCreate    = "settle.create"
	OpSettleQuery     = "settle.query"
	OpSettleUnsettled = "settle.unsettled"

	// Sets of calls, in the table: every signed call; what moves money; what asks about money that
	// was moved; what asks about a payment.
	opEcpay      = "ecpay"
	opMove       = "refund.create, settle.create"
	opAskMove    = "refund.query, settle.query"
	opAskPayment = "order.query, settle.unsettled"
)

// Numbers that speak of Douyin's own state, not of the call.
const (
	codeSystem   = -1   // "系统错误，请重试" (order push, token)
	codeInternal = 1000 // ecpay: internal error, may have succeeded
	codeBusy     = 1001 // ecpay: busy
)

// rule is what one code of Douyin's means for one call.
type rule struct {
	op      string // a call, or a set of them; empty: all calls
	code    int    // 0: any
	words   string // the message must contain this, compared in lower case; empty: any message
	kind    Kind
	mayHave bool  // Douyin itself does not know whether the call took effect
	cause   error // becomes Error.Err
}

// rules are looked through in order, the first that fits decides. The tags in the comments name the
// source of each: see the package's Sources. No complete official table of the order push is known
// (UNCONFIRMED).
var rules = []rule{
	// Busy, whatever the call (COPY-2021-ECPAY, COPY-APIFOX).
	{code: codeBusy, kind: Throttled},
	// "系统错误，请重试" (COPY-2021-ORDER, LIVE-2026-01).
	{code: codeSystem, kind: Unavailable, mayHave: true},

	// The token, in the words of Douyin's gateway: invalid, expired (DOUYIN-OPEN).
	{op: OpOrderPush, code: 28001003, kind: Unauthorized},
	{op: OpOrderPush, code: 28001008, kind: Unauthorized},
	// Order push: the token. 40002 (COPY-2021-ORDER); 40004 (LIVE-2024-05); 40014 is "bad access
	// token" in an SDK's samples (SDK-SAMPLES) and "http 参数错误" on the page of 2021
	// (COPY-2021-ORDER), so the words decide.
	{op: OpOrderPush, code: 40002, kind: Unauthorized},
	{op: OpOrderPush, code: 40004, kind: Unauthorized},
	{op: OpOrderPush, code: 40014, words: "token", kind: Unauthorized},
	{op: OpOrderPush, code: 40014, kind: Rejected},
	// Order push: the open_id. 40003 (COPY-2021-ORDER); 40012 (LIVE-2023-08); 40031 (LIVE-2024-11).
	{op: OpOrderPush, code: 40003, kind: Rejected},
	{op: OpOrderPush, code: 40012, kind: Rejected},
	{op: OpOrderPush, code: 40031, kind: Rejected},
	{op: OpOrderPush, code: 40016, kind: Rejected}, // app_name (COPY-2021-ORDER)
	// "担保交易支付订单不存在" (LIVE-2023-01): the payment order may lag behind. Otherwise it is
	// business_line (COPY-2021-ORDER).
	{op: OpOrderPush, code: 40022, words: "不存在", kind: Unavailable},
	{op: OpOrderPush, code: 40022, kind: Rejected},
	{op: OpOrderPush, code: 40099, kind: Rejected}, // "order_detail字段格式错误" (LIVE-2023-04)

	// Token: app id, secret, grant type (TOKEN), address not on the allow list (THIRD-PARTY).
	{op: OpTokenFetch, code: 40015, kind: Unauthorized, cause: ErrCredentials},
	{op: OpTokenFetch, code: 40017, kind: Unauthorized, cause: ErrCredentials},
	{op: OpTokenFetch, code: 40020, kind: Unauthorized, cause: ErrCredentials},
	{op: OpTokenFetch, code: 40006, kind: Unauthorized, cause: ErrCredentials},

	// Guaranteed payment (COPY-2021-ECPAY, COPY-APIFOX).
	{op: opEcpay, code: codeInternal, kind: Unavailable, mayHave: true},
	// Faults of the configuration: salt, app id, provider, merchant. The request was refused at the
	// door, and every other one is too, until somebody mends the configuration.
	{op: opEcpay, code: 2008, kind: Unauthorized, cause: ErrConfiguration}, // signature
	{op: opEcpay, code: 2020, kind: Unauthorized, cause: ErrConfiguration}, // illegal app_id
	{op: opEcpay, code: 2042, kind: Unauthorized, cause: ErrConfiguration}, // invalid app_id
	{op: opEcpay, code: 2047, kind: Unauthorized, cause: ErrConfiguration}, // invalid provider
	{op: opEcpay, code: 2048, kind: Unauthorized, cause: ErrConfiguration}, // provider not authorised by the app
	{op: opEcpay, code: 4000, kind: Unauthorized, cause: ErrConfiguration}, // merchant does not belong to the app
	// "该单号首次请求已失败，请更换新的单号重新发起" and the like: a number whose first request failed stays dead. The
	// rule is on Douyin's page (COPY-2021-ECPAY), its words are not (UNCONFIRMED), so several are
	// looked for, and none is believed before a question.
	{op: opMove, words: "更换", kind: Doubtful, cause: ErrNumberDead},
	{op: opMove, words: "新的单号", kind: Doubtful, cause: ErrNumberDead},
	{op: opMove, words: "新单号", kind: Doubtful, cause: ErrNumberDead},
	// "处理中，请勿重复提交": whatever its code, the request may be the one that is being worked on
	// (UNCONFIRMED).
	{op: opMove, words: "处理中", kind: Doubtful},
	{op: opMove, words: "重复", kind: Doubtful},
	// "订单未到可结算时间" and the like; code and words are UNCONFIRMED.
	{op: OpSettleCreate, words: "未到", kind: Doubtful, cause: ErrNotYet},
	{op: opEcpay, code: 2010, kind: Rejected}, // business parameter
	{op: opEcpay, code: 2102, kind: Rejected}, // length of a developer number
	// No such payment.
	{op: opAskPayment, code: 2000, kind: Rejected, cause: ErrNotFound},
	{op: OpOrderCreate, code: 2000, kind: Rejected},
	{op: opMove, code: 2000, kind: Rejected},
	{op: opAskMove, code: 3101, kind: Rejected, cause: ErrNotFound}, // no such refund or settlement
	// A query in whose answer the very record does not exist, whatever the code: which code a
	// settlement has is UNCONFIRMED. That something else does not exist, a merchant for instance,
	// says nothing about the record.
	{op: opAskPayment, words: "支付记录不存在", kind: Rejected, cause: ErrNotFound},
	{op: opAskPayment, words: "订单不存在", kind: Rejected, cause: ErrNotFound},
	{op: OpRefundQuery, words: "退款记录不存在", kind: Rejected, cause: ErrNotFound},
	{op: OpRefundQuery, words: "退款单不存在", kind: Rejected, cause: ErrNotFound},
	{op: OpSettleQuery, words: "结算记录不存在", kind: Rejected, cause: ErrNotFound},
	{op: OpSettleQuery, words: "结算单不存在", kind: Rejected, cause: ErrNotFound},
	{op: OpSettleQuery, words: "分账记录不存在", kind: Rejected, cause: ErrNotFound},
	{op: OpSettleQuery, words: "分账单不存在", kind: Rejected, cause: ErrNotFound},
	// The lists of create_order, create_refund and settle are not known (UNCONFIRMED): a refusal in
	// Douyin's words, which may as well say that the request is being worked on.
	{op: opEcpay, kind: Doubtful},
}

// meaning finds the rule for an answer other than 0. A code that nobody knows may be anything: an
// order push is tried again; after a signed call Douyin is asked what became of it, for neither
// sending money about blindly nor giving it up is safe.
func meaning(op string, code int, message string, custom map[int]Kind) rule {
	message = strings.ToLower(message)
	found := rule{kind: Unavailable, mayHave: true}
	for _, r := range rules {
		if (r.code == 0 || r.code == code) && r.covers(op) && strings.Contains(message, r.words) {
			found = r
			break
		}
	}
	if kind, ok := custom[code]; ok && kind != found.kind {
		return rule{kind: kind, mayHave: kind == Unavailable}
	}
	return found
}

// covers tells whether the rule is about a call.
func (r rule) covers(op string) bool {
	switch r.op {
	case "", op:
		return true
	case opEcpay:
		return isEcpay(op)
	case opMove:
		return op == OpRefundCreate || op == OpSettleCreate
	case opAskMove:
		return op == OpRefundQuery || op == OpSettleQuery
	case opAskPayment:
		return op == OpOrderQuery || op == OpSettleUnsettled
	}
	return false
}

func isEcpay(op string) bool { return op != OpOrderPush && op != OpTokenFetch }
