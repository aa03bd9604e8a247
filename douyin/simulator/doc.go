// Package simulator is Douyin's other side: an http.Handler that answers as the order centre, the
// token endpoint and the guaranteed payment (ecpay v1) answer, refuses what they refuse, keeps a
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
// # What is not Douyin's
//
// Everything under /_sim/ is the simulator's own control interface, and so is the text after the
// colon in messages. The control interface has no password: bind the simulator to the loopback or a
// private network.
//
//	GET  /_sim/ledger        every order with its state, and the money that moved
//	GET  /_sim/orders/{id}   one order with its pushes
//	GET  /_sim/stats         calls by outcome, tokens, faults
//	GET  /_sim/faults        the plan in force
//	POST /_sim/faults        {"profile":"off|some|storm","faults":[{"op":"order.push","kind":"5xx","order_id":"7","count":2}]}
//	POST /_sim/pay           {"out_order_no":"..."}: the user pays; with "total_amount" in fen a paid order is made
//	POST /_sim/revoke        every token is refused from now on
//	POST /_sim/reset         forgets orders, money and counters; tokens and faults stay
package simulator
