package simulator

import "slices"

// op is something that can fail: a call to Douyin, the result of an accepted instruction, or a
// callback.
type op uint8

const (
	opPush op = iota
	opToken
	opCreateOrder
	opQueryOrder
	opCreateRefund
	opQueryRefund
	opSettle
	opQuerySettle
	opUnsettled
	opClientToken
	opTradeOrder
	opTradeCPS
	opTradeRefund
	opTradeRefundQuery
	opTradeAudit
	opTradeSettle
	opTradeSettleQuery
	opTradeFulfil
	opTradeTags
	opCalls // as many are calls over HTTP
)

const (
	opRefundResult = opCalls + iota
	opSettleResult
	opCallbackPayment
	opCallbackRefund
	opCallbackSettle
	opTradeRefundResult
	opTradeSettleResult
	opTradeCallPayment
	opTradeCallRefund
	opTradeCallSettle
	opTradeAsk
	opCount
)

// opPaths are the calls' addresses.
var opPaths = [opCalls]string{ //nolint:gosec // addresses, not credentials
	opPush:         "/api/apps/order/v2/push",
	opToken:        "/api/apps/v2/token",
	opCreateOrder:  "/api/apps/ecpay/v1/create_order",
	opQueryOrder:   "/api/apps/ecpay/v1/query_order",
	opCreateRefund: "/api/apps/ecpay/v1/create_refund",
	opQueryRefund:  "/api/apps/ecpay/v1/query_refund",
	opSettle:       "/api/apps/ecpay/v1/settle",
	opQuerySettle:  "/api/apps/ecpay/v1/query_settle",
	opUnsettled:    "/api/apps/ecpay/v1/unsettle_amount",

	opClientToken:      "/oauth/client_token/",
	opTradeOrder:       tradePath + "order_query/",
	opTradeCPS:         tradePath + "query_cps/",
	opTradeRefund:      tradePath + "refund_create/",
	opTradeRefundQuery: tradePath + "refund_query/",
	opTradeAudit:       tradePath + "refund_audit_callback/",
	opTradeSettle:      tradePath + "settle_create/",
	opTradeSettleQuery: tradePath + "settle_query/",
	opTradeFulfil:      tradePath + "fulfill_push_status/",
	opTradeTags:        tradePath + "tag_query/",
}

// opNames are the names in faults and statistics.
var opNames = [opCount]string{
	opPush:            "order.push",
	opToken:           "token.fetch",
	opCreateOrder:     "order.create",
	opQueryOrder:      "order.query",
	opCreateRefund:    "refund.create",
	opQueryRefund:     "refund.query",
	opSettle:          "settle.create",
	opQuerySettle:     "settle.query",
	opUnsettled:       "settle.unsettled",
	opRefundResult:    "refund.result",
	opSettleResult:    "settle.result",
	opCallbackPayment: "callback.payment",
	opCallbackRefund:  "callback.refund",
	opCallbackSettle:  "callback.settle",

	opClientToken:       "trade.token",
	opTradeOrder:        "trade.order_query",
	opTradeCPS:          "trade.query_cps",
	opTradeRefund:       "trade.refund_create",
	opTradeRefundQuery:  "trade.refund_query",
	opTradeAudit:        "trade.refund_audit",
	opTradeSettle:       "trade.settle_create",
	opTradeSettleQuery:  "trade.settle_query",
	opTradeFulfil:       "trade.fulfill",
	opTradeTags:         "trade.tag_query",
	opTradeRefundResult: "trade.refund_result",
	opTradeSettleResult: "trade.settle_result",
	opTradeCallPayment:  "trade.callback_payment",
	opTradeCallRefund:   "trade.callback_refund",
	opTradeCallSettle:   "trade.callback_settle",
	opTradeAsk:          "trade.pre_create_refund",
}

// operation reads a body and, unless a fault stands in the way, takes effect.
type operation struct {
	parse func(*Server, *call)     // fills the call; sets bad and key
	apply func(*Server, *call) int // fills out and returns Douyin's code, 0 for success
	fails func([]byte, int, string) []byte
}

var operations = [opCalls]operation{
	opPush:         {(*Server).parsePush, (*Server).takePush, appendPushAnswer},
	opToken:        {(*Server).parseToken, (*Server).fetchToken, appendEcpayError},
	opCreateOrder:  ecpay("out_order_no", createOrderFields, (*Server).createOrder),
	opQueryOrder:   ecpay("out_order_no", queryOrderFields, (*Server).queryOrder),
	opCreateRefund: ecpay("out_refund_no", createRefundFields, (*Server).createRefund),
	opQueryRefund:  ecpay("out_refund_no", queryRefundFields, (*Server).queryRefund),
	opSettle:       ecpay("out_settle_no", settleFields, (*Server).settle),
	opQuerySettle:  ecpay("out_settle_no", querySettleFields, (*Server).querySettle),
	opUnsettled:    ecpay("out_order_no", unsettledFields, (*Server).unsettleAmount),

	opClientToken:      {parseTree(), (*Server).fetchClientToken, appendClientTokenError},
	opTradeOrder:       basic(tradeOrderKey, orderRules, (*Server).orderQuery),
	opTradeCPS:         basic(tradeOrderKey, orderRules, (*Server).cpsQuery),
	opTradeRefund:      basic([]string{"out_refund_no"}, refundRules, (*Server).refundCreate),
	opTradeRefundQuery: basic([]string{"out_refund_no", "refund_id", "order_id"}, refundQueryRules, (*Server).refundQuery),
	opTradeAudit:       basic([]string{"refund_id"}, auditRules, (*Server).refundAudit),
	opTradeSettle:      settling([]string{"out_settle_no"}, tradeSettleRules, (*Server).settleCreate),
	opTradeSettleQuery: settling([]string{"out_settle_no", "settle_id", "out_order_no", "order_id"}, settleQueryRules, (*Server).settleQuery),
	opTradeFulfil:      basic([]string{"order_id"}, fulfilRules, (*Server).fulfilPush),
	opTradeTags:        basic(nil, tagQueryRules, (*Server).tagQuery),
}

// Ops are the names that Fault.Op knows.
func Ops() []string { return slices.Clone(opNames[:]) }

// isTrade tells whether an op is a call of trade_basic or the fetch of its token.
func (o op) isTrade() bool { return o >= opClientToken && o < opCalls }

// takesToken tells whether a call can find its token revoked.
func (o op) takesToken() bool { return o == opPush || o > opClientToken && o < opCalls }

// class tells which kinds of faults can befall an op.
type class uint8

const (
	callClass class = iota
	resultClass
	callbackClass
)

func (o op) class() class {
	switch o {
	case opRefundResult, opSettleResult, opTradeRefundResult, opTradeSettleResult:
		return resultClass
	case opCallbackPayment, opCallbackRefund, opCallbackSettle, opTradeCallPayment, opTradeCallRefund, opTradeCallSettle, opTradeAsk:
		return callbackClass
	default:
		return callClass
	}
}

func (k Kind) class() class {
	switch k {
	case Fail:
		return resultClass
	case Lost, Duplicate, Early, Late:
		return callbackClass
	default:
		return callClass
	}
}
