// Package douyin is all that ordersync knows of Douyin (抖音): the order centre push, the app token, guaranteed payment
// (担保支付, ecpay v1), its signature, its callbacks, and what Douyin's answers mean. It knows no database and no queue.
//
// A call is built, sent and judged. Every failure is an *Error whose Kind says what the caller may do; values that Douyin
// would refuse are found before anything is sent and are a *FieldError inside an *Error of Kind Rejected.
//
// # Why a client never retries
//
// Waiting belongs to the queue: it survives a restart, can be seen, and frees the slot. The one exception is a refused
// access_token: it is thrown away, a fresh one fetched, and the push sent once more, because the refusal is about the token
// and not about the order.
//
// # Why the meaning of a code is a table
//
// Douyin's numbers of the order push are not stable between versions of its documentation: 40014 was "http param error" in
// 2021 and "bad access token" later, 40022 was "business_line" and is "order does not exist" now. So codes.go holds rules of
// call, number and words, and Config.Codes overrules them without a new release.
//
// # Why MayHave
//
// A call that was cut after it was sent may have taken effect. For an order push that is harmless (the push is an upsert),
// for money it decides between asking and sending again. MayHave is false only when it is known that Douyin did nothing: no
// connection was had, or Douyin said no.
//
// # Why secrets are hidden here
//
// Requests and answers go to a log that people read. This package alone knows which parts of them are an access_token, a
// secret or somebody's open_id, so it hides them before anything leaves: in Receipt, in Error.Message, in the text of
// network errors (a *url.Error is unwrapped, its URL dropped). The mask keeps nothing of what it hides, not even a length.
//
// # Why an unknown code of a signed call is Rejected
//
// An order push that fails for an unknown reason is tried again, because it is an upsert. A refund or settlement is not:
// Douyin's lists of codes for them are not known, and after a first failure the number is dead anyway. So an unknown code
// is a business failure that a person reads in Douyin's words. Only what Douyin itself does not know the end of (1000, 5xx,
// a cut connection) comes with MayHave: ask the query first, then send the same number with the same content.
//
// # Why texts are brought into a normal form
//
// The signature is made of trimmed values without outer quotes, and Douyin trims by the rules of another language than we do.
// So the signed calls send what they sign: a text without anything that anybody would trim or cut. The order push is not
// signed and its texts go as they are.
//
// # Why a callback's type is held against its message
//
// Douyin's signature covers timestamp, nonce and msg, not type. A relay could turn a refund into a payment. The signed
// message names what it is about, and VerifyCallback believes that.
//
// # Why the gate stands before the token
//
// A Gate (rate limit and circuit breaker) is entered before the token is asked for: so a failing token endpoint counts
// against the same breaker, and a call that was parked for twenty seconds does not wake up with an old token. The second
// exchange after a refused token runs under the same admission: it happens once per token, not once per order.
package douyin
