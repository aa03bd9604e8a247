// Package simulator is Douyin's other side: an http.Handler that answers as the order centre, the
// token endpoint, the guaranteed payment (ecpay v1) and the general trade system (trade_basic,
// here: trade) answer, refuses what they refuse, keeps a
// ledger of everything it was told, and fails on demand. Others may import it, for tests of any
// client: it imports nothing of ours.
//
// # Why it shares nothing with package douyin
//
// If both sides shared structs, a misspelt field would be misspelt twice and every test would pass.
// The simulator has its own structs, its own constants and its own signature, written from the
// documents. The two sides meet on literal bytes.
//
// # Why it is stricter than Douyin may be
//
// Nobody outside knows which sloppiness the platform forgives. What the simulator accepts is right
// by every document found: unknown fields, duplicate keys, wrong JSON types, text that is not
// UTF-8, times of 12 digits, and an order_status that disagrees with its text are refused. The
// codes are those of the documents and of published requests; the words after the colon in err_msg
// are the simulator's own and say which field it was.
//
// # Why a JSON reader of its own
//
// encoding/json cannot see duplicate keys, accepts case variants of a name, and mends broken UTF-8.
// It also costs several times the processor time of one pass over the bytes, and in the load test
// the simulator shares two cores with the worker that is measured. A fuzz test holds the reader
// against encoding/json.
//
// # Why faults are drawn per key
//
// Whether a call fails is a function of the seed, the operation, the order (or developer number)
// and how many calls that key has made. So the same seed gives every order the same fate, whatever
// the order in which goroutines arrive.
//
// # Why money has a ledger of its own
//
// Douyin is idempotent by developer number, so a client that sends the same number twice moves
// money once, and so does the simulator. What a client can still do wrong is to give one intent two
// numbers, to change a request under its number, or to ask for more than is left. The movements and
// Anomalies make that visible.
//
// # Why changes are written down under the lock
//
// What was answered must not be forgotten, or the two sides drift apart: the caller has committed
// what Douyin told him. So a ledger lets go of its lock only when Config.Keep has what changed, and no
// answer, callback or reading is ahead of what is kept. It is one record for each thing, so a change
// costs the same whatever the ledger holds.
//
// # What trade adds
//
// The app signs data for tt.requestOrder with its own key, so the simulator must be told its public
// key, as the console is. Callbacks are signed with the platform's key, which is made at the start
// unless Config.Trade has one. A refund that the buyer asks for is put to the shop
// (pre_create_refund) every ten minutes until it is answered with content, then it may wait for an
// audit, and at the deadline Douyin agrees by itself. Violations are what must not happen when the
// shop's side is right: two answers for one refund_id, one number for two refunds, a push of such
// an order to the order centre, money that moved twice, more than 500 client tokens in five
// minutes.
//
// What no public text settles is decided here, and where a client could be hurt by the decision it
// is a setting of Trade: how long an answer is awaited, refund_status after a denied audit, the
// words of fulfilment, the code of a bad token. Without a setting: a signature is good for an hour
// either way; totalAmount may be less than price times quantity, never more; one sku is one item
// order; the same data makes the same order again; a number that was refused is not used up, one
// that was taken is 22004 or 23111 whatever comes with it; refund_query of an order without refunds
// is 20000; the flaws of settle_create are 23001 (missing) and 23002 (too long); each delivery is
// signed afresh; a denied refund is told by refund_query alone; an expiry asks nobody; a refund
// that nobody answered keeps an empty out_refund_no.
//
// # What is not Douyin's
//
// Everything under /_sim/ is the simulator's own control interface, and so is the text after the
// colon in messages. The control interface has no password: bind the simulator to the loopback or a
// private network. A page of another site controls nothing (403): that is told by the headers Origin
// and Sec-Fetch-Site, which programs do not send.
//
//	GET  /_sim/ledger        every order with its state, and the money that moved
//	GET  /_sim/orders/{id}   one order with its pushes
//	GET  /_sim/stats         calls by outcome, tokens, faults
//	GET  /_sim/faults        the plan in force
//	POST /_sim/faults        {"profile":"off|some|storm","faults":[{"op":"order.push","kind":"5xx","order_id":"7","count":2}]}
//	POST /_sim/pay           {"out_order_no":"..."}: the user pays; with "total_amount" in fen a paid order is made
//	POST /_sim/revoke        every token is refused from now on
//	POST /_sim/reset         forgets orders, money and counters; tokens and faults stay
//
// Of trade, where an order is named by "order_id" or "out_order_no":
//
//	GET  /_sim/trade/ledger        orders, refunds, settlements, movements and violations
//	GET  /_sim/trade/violations    those alone
//	GET  /_sim/trade/platform_key  the public key that verifies callbacks, PEM
//	POST /_sim/trade/app_key       {"public_key":"PEM","key_version":"2"}: the app's key is uploaded
//	POST /_sim/trade/request_order {"data":"...","byteAuthorization":"...","open_id":"..."}:
//	                               tt.requestOrder; 200 {"orderId"} or 400 {"errNo","errMsg","reason"}
//	POST /_sim/trade/pay           {"out_order_no":"...","pay_channel":10,"discount_amount":0}
//	POST /_sim/trade/cancel        {"out_order_no":"..."}: the buyer gives up
//	POST /_sim/trade/ask_refund    {"out_order_no":"...","amount":0,"by":"user|service|expiry",
//	                               "audit":true,"reasons":[],"description":""}: {"refund_id"}
//	POST /_sim/trade/ask_again     {"refund_id":"..."}: pre_create_refund once more
//	POST /_sim/trade/settle        {"out_order_no":"..."}: Douyin settles by itself
package simulator
