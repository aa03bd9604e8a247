package douyin

import (
	"strings"
	"time"
)

// Names of the calls: Error.Op, the op of Gate.Enter, the first column of the table below.
const (
	OpOrderPush  = "order.push"
	OpTokenFetch = "token.fetch"
	// OpTokenCache is a failure of the place where processes share the token, not of Douyin.
	OpTokenCache = "token.cache"
	// OpClientToken is the fetch of a client_token, which the calls of open.douyin.com carry.
	OpClientToken = "client_token.fetch" //nolint:gosec // the name of a call, not a token

	// TradePrefix begins the names of the calls of package trade, which have them itself.
	TradePrefix = "trade."

	OpOrderCreate     = "order.create"
	OpOrderQuery      = "order.query"
	OpRefundCreate    = "refund.create"
	OpRefundQuery     = "refund.query"
	OpSettleCreate    = "settle.create"
	OpSettleQuery     = "settle.query"
	OpSettleUnsettled = "settle.unsettled"

	// Sets of calls, in the table: every signed call; what moves money; what asks about money that
	// was moved; what asks about a payment.
	opEcpay      = "order.create, order.query, refund.create, refund.query, settle.create, settle.query, settle.unsettled"
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

// Rule is what one code of Douyin's means for one call. A table of them is looked through in order,
// and the first that fits decides.
type Rule struct {
	Op      string        // a call, or several with ", " between them; empty: all calls
	Code    int           // 0: any
	Words   string        // the message must contain this, compared in lower case; empty: any message
	Kind    Kind          // never zero
	MayHave bool          // Douyin itself does not know whether the call took effect
	Cause   error         // becomes Error.Err
	Wait    time.Duration // becomes Error.RetryAfter, where Douyin asks for no longer one; 0: none is known
}

// rules are looked through in order, the first that fits decides. The tags in the comments name the
// source of each: see the package's Sources. No complete official table of the order push is known
// (UNCONFIRMED).
var rules = []Rule{
	// Busy, whatever the call (COPY-2021-ECPAY, COPY-APIFOX).
	{Code: codeBusy, Kind: Throttled},
	// "系统错误，请重试" (COPY-2021-ORDER, LIVE-2026-01).
	{Code: codeSystem, Kind: Unavailable, MayHave: true},

	// The token, in the words of Douyin's gateway: invalid, expired (DOUYIN-OPEN).
	{Op: OpOrderPush, Code: 28001003, Kind: Unauthorized},
	{Op: OpOrderPush, Code: 28001008, Kind: Unauthorized},
	// Order push: the token. 40002 (COPY-2021-ORDER); 40004 (LIVE-2024-05); 40014 is "bad access
	// token" in an SDK's samples (SDK-SAMPLES) and "http 参数错误" on the page of 2021
	// (COPY-2021-ORDER), so the words decide.
	{Op: OpOrderPush, Code: 40002, Kind: Unauthorized},
	{Op: OpOrderPush, Code: 40004, Kind: Unauthorized},
	{Op: OpOrderPush, Code: 40014, Words: "token", Kind: Unauthorized},
	{Op: OpOrderPush, Code: 40014, Kind: Rejected},
	// Order push: the open_id. 40003 (COPY-2021-ORDER); 40012 (LIVE-2023-08); 40031 (LIVE-2024-11).
	{Op: OpOrderPush, Code: 40003, Kind: Rejected},
	{Op: OpOrderPush, Code: 40012, Kind: Rejected},
	{Op: OpOrderPush, Code: 40031, Kind: Rejected},
	{Op: OpOrderPush, Code: 40016, Kind: Rejected}, // app_name (COPY-2021-ORDER)
	// "担保交易支付订单不存在" (LIVE-2023-01): the payment order may lag behind. Otherwise it is
	// business_line (COPY-2021-ORDER).
	{Op: OpOrderPush, Code: 40022, Words: "不存在", Kind: Unavailable},
	{Op: OpOrderPush, Code: 40022, Kind: Rejected},
	{Op: OpOrderPush, Code: 40099, Kind: Rejected}, // "order_detail字段格式错误" (LIVE-2023-04)

	// Token: app id, secret, grant type (TOKEN), address not on the allow list (THIRD-PARTY).
	{Op: OpTokenFetch, Code: 40015, Kind: Unauthorized, Cause: ErrCredentials},
	{Op: OpTokenFetch, Code: 40017, Kind: Unauthorized, Cause: ErrCredentials},
	{Op: OpTokenFetch, Code: 40020, Kind: Unauthorized, Cause: ErrCredentials},
	{Op: OpTokenFetch, Code: 40006, Kind: Unauthorized, Cause: ErrCredentials},

	// Guaranteed payment (COPY-2021-ECPAY, COPY-APIFOX).
	{Op: opEcpay, Code: codeInternal, Kind: Unavailable, MayHave: true},
	// Faults of the configuration: salt, app id, provider, merchant. The request was refused at the
	// door, and every other one is too, until somebody mends the configuration.
	{Op: opEcpay, Code: 2008, Kind: Unauthorized, Cause: ErrConfiguration}, // signature
	{Op: opEcpay, Code: 2020, Kind: Unauthorized, Cause: ErrConfiguration}, // illegal app_id
	{Op: opEcpay, Code: 2042, Kind: Unauthorized, Cause: ErrConfiguration}, // invalid app_id
	{Op: opEcpay, Code: 2047, Kind: Unauthorized, Cause: ErrConfiguration}, // invalid provider
	{Op: opEcpay, Code: 2048, Kind: Unauthorized, Cause: ErrConfiguration}, // provider not authorised by the app
	{Op: opEcpay, Code: 4000, Kind: Unauthorized, Cause: ErrConfiguration}, // merchant does not belong to the app
	// "该单号首次请求已失败，请更换新的单号重新发起" and the like: a number whose first request failed stays dead. The
	// rule is on Douyin's page (COPY-2021-ECPAY), its words are not (UNCONFIRMED), so several are
	// looked for, and none is believed before a question.
	{Op: opMove, Words: "更换", Kind: Doubtful, Cause: ErrNumberDead},
	{Op: opMove, Words: "新的单号", Kind: Doubtful, Cause: ErrNumberDead},
	{Op: opMove, Words: "新单号", Kind: Doubtful, Cause: ErrNumberDead},
	// "处理中，请勿重复提交": whatever its code, the request may be the one that is being worked on
	// (UNCONFIRMED).
	{Op: opMove, Words: "处理中", Kind: Doubtful},
	{Op: opMove, Words: "重复", Kind: Doubtful},
	// "订单未到可结算时间" and the like; code and words are UNCONFIRMED.
	{Op: OpSettleCreate, Words: "未到", Kind: Doubtful, Cause: ErrNotYet},
	{Op: opEcpay, Code: 2010, Kind: Rejected}, // business parameter
	{Op: opEcpay, Code: 2102, Kind: Rejected}, // length of a developer number
	// No such payment.
	{Op: opAskPayment, Code: 2000, Kind: Rejected, Cause: ErrNotFound},
	{Op: OpOrderCreate, Code: 2000, Kind: Rejected},
	{Op: opMove, Code: 2000, Kind: Rejected},
	{Op: opAskMove, Code: 3101, Kind: Rejected, Cause: ErrNotFound}, // no such refund or settlement
	// A query in whose answer the very record does not exist, whatever the Code: which code a
	// settlement has is UNCONFIRMED. That something else does not exist, a merchant for instance,
	// says nothing about the record.
	{Op: opAskPayment, Words: "支付记录不存在", Kind: Rejected, Cause: ErrNotFound},
	{Op: opAskPayment, Words: "订单不存在", Kind: Rejected, Cause: ErrNotFound},
	{Op: OpRefundQuery, Words: "退款记录不存在", Kind: Rejected, Cause: ErrNotFound},
	{Op: OpRefundQuery, Words: "退款单不存在", Kind: Rejected, Cause: ErrNotFound},
	{Op: OpSettleQuery, Words: "结算记录不存在", Kind: Rejected, Cause: ErrNotFound},
	{Op: OpSettleQuery, Words: "结算单不存在", Kind: Rejected, Cause: ErrNotFound},
	{Op: OpSettleQuery, Words: "分账记录不存在", Kind: Rejected, Cause: ErrNotFound},
	{Op: OpSettleQuery, Words: "分账单不存在", Kind: Rejected, Cause: ErrNotFound},
	// The lists of create_order, create_refund and settle are not known (UNCONFIRMED): a refusal in
	// Douyin's words, which may as well say that the request is being worked on.
	{Op: opEcpay, Kind: Doubtful},
}

// meaning finds the rule for an answer other than 0. A code that nobody knows may be anything: an
// order push is tried again; after a signed call Douyin is asked what became of it, for neither
// sending money about blindly nor giving it up is safe.
func meaning(table []Rule, op string, code int, message string, custom map[int]Kind) Rule {
	if table == nil {
		table = rules
	}
	message = strings.ToLower(message)
	found := Rule{Kind: Unavailable, MayHave: true}
	for _, r := range table {
		if (r.Code == 0 || r.Code == code) && r.covers(op) && strings.Contains(message, r.Words) {
			found = r
			break
		}
	}
	if kind, ok := custom[code]; ok && kind != found.Kind {
		return Rule{Kind: kind, MayHave: kind == Unavailable}
	}
	return found
}

// covers tells whether the rule is about a call.
func (r Rule) covers(op string) bool {
	return r.Op == "" || strings.Contains(", "+r.Op+", ", ", "+op+", ")
}

// doubted are the calls after which a refusal that Douyin may not have written is not believed: all
// but the push, which is an upsert, and the fetches of tokens.
func doubted(op string) bool { return op != OpOrderPush && op != OpTokenFetch && op != OpClientToken }
