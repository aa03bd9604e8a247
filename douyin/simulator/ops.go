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
	opCalls // as many are calls over HTTP
)

const (
	opRefundResult = opCalls + iota
	opSettleResult
	opCallbackPayment
	opCallbackRefund
	opCallbackSettle
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
}

// Ops are the names that Fault.Op knows.
func Ops() []string { return slices.Clone(opNames[:]) }

// class tells which kinds of faults can befall an op.
type class uint8

const (
	callClass class = iota
	resultClass
	callbackClass
)

func (o op) class() class {
	switch o {
	case opRefundResult, opSettleResult:
		return resultClass
	case opCallbackPayment, opCallbackRefund, opCallbackSettle:
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
