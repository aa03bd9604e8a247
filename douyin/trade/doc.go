// Package trade is Douyin's second payment system for mini-apps (通用交易系统, trade_basic): what is
// signed for tt.requestOrder, the client_token, the calls about payments, refunds, settlements,
// fulfilment and rules, the callbacks, and what Douyin's answers mean. It stands beside guaranteed
// payment in package douyin and shares its transport (douyin.Wire), errors, gate and masks. It knows
// no database and no queue. Others may import it together with package douyin.
//
//	signer, err := trade.NewSigner(trade.SignerConfig{AppID: "tt…", PrivateKey: pem, KeyVersion: "2"})
//	data, err := trade.Payment{…}.Data()     // kept: a repetition signs the same bytes
//	signed, err := signer.SignRequest(data)  // handed to tt.requestOrder untouched
//
//	client, err := trade.NewClient(trade.Config{AppID: "tt…"}, tokens)
//	state, receipt, err := client.QueryOrder(ctx, "T1", "")
//
//	callback, err := trade.VerifyCallback(r.Header, body, newKey, oldKey)
//
// Every failure of a call is a *douyin.Error. Values that Douyin would refuse are found before
// anything is signed or sent and are a *douyin.FieldError, inside an *Error of Kind Rejected where a
// call was asked for.
//
// # Why nothing is created here
//
// The server only signs. The mini-app hands data to tt.requestOrder, and Douyin makes the order and
// keeps it in its order centre by itself (TRADE-UPGRADE): such an order is never pushed. What Douyin
// does not know of it is asked with QueryOrder.
//
// # Why data is bytes
//
// The signature covers data as the mini-app passes it on. A second encoder between signer and
// mini-app changes an escape or an order of keys, and Douyin then says that the signature is wrong.
// It says the same for a float, a missing field or a wrong rule group. So Payment.Data makes the
// bytes once, from integers only, and refuses by name what Douyin would refuse without one.
//
// # Why no signature is stored
//
// It ages, and its nonce is for one use. data is what is kept; signing takes a millisecond.
//
// # Why the key is chosen first
//
// A callback names its app inside the signed message. Reading that before the check may choose whose
// keys are tried, because a wrong choice makes the check fail; it may do nothing else. Afterwards the
// message's app has to be the one whose keys fitted.
//
// # Why an answer to a refund request has content
//
// When a buyer asks Douyin for a refund, Douyin opens it and asks us for our number and a page
// (RefundRequest). Without them, or with another number for the same refund, the buyer's refund
// hangs, and after 72 hours Douyin agrees over the shop's head. So the number is made of Douyin's
// refund_id (RefundNo): whoever answers, from whichever process, says the same. A refusal is another
// call, Client.Audit.
//
// # Why a signed callback is never refused
//
// Nobody but Douyin has signed it, and refusing it brings the same bytes again. What cannot be
// understood comes back with Unread: it is to be kept and shown.
//
// # Why "exists" and "not yet" are no failures
//
// A number that Douyin has already (22004, 23111) may be the one whose answer was lost: ErrExists
// says to ask, and never to send another. A settlement before its time (23107, 23113) and an audit
// before its turn (22006) took no effect and come right by waiting: douyin.ErrNotYet.
//
// # Sources
//
// Comments name the source of a foreign rule by a tag, as in package douyin. All were read in
// November 2026, many in copies, and nothing was tried against the live platform. Pages without a
// host stand under https://developer.open-douyin.com/docs/resource/zh-CN/mini-app/develop/server/
// payment/trade-system/general/, and under the same without payment/ in older trees.
//
// Douyin's own pages and programs:
//
//	TRADE-SDK        the official Node SDK @open-dy/open_api_sdk 1.1.0 (2026-05-07): addresses and
//	                 fields of all calls; bytedance/douyin-openapi-sdk-go is of the same generator
//	TRADE-SIGN       both signatures: mini-app/develop/server/signature-algorithm
//	TRADE-ORDER      order/request-order-data-sign, order/query-order, order/notify-payment-result
//	TRADE-REFUND     refund/create-refund, refund/query-refund, refund/refund-notify
//	TRADE-REFUND-CB  refund/refund-callback: the extension point pre_create_refund
//	TRADE-AUDIT      refund/refund-audit
//	TRADE-SETTLE     trade_settle/settle_create, trade_settle/settle_query
//	TRADE-UPGRADE    upgrade-guide, from guaranteed payment: who fulfils, who settles when
//	TRADE-CAP        capacity-center-page/capacity-detail/7300740247900487689: goods and rule groups
//	CLIENT-TOKEN     client_token: local-life/develop/OpenAPI/preparation/client_token
//
// Copies of pages:
//
//	COPY-TRADE       tables of err_no of order and refund calls, apifox.com/apidoc/docs-site/3671297
//	COPY-TRADE-TWIN  the same of the industry system's twin calls: api-129657207, api-129774142
//	COPY-SETTLE      the same of settle_create: api-129527413
//	COPY-TOKEN       codes of client_token: https://douyin.apifox.cn/api-128961756
//	COPY-DM          a public Go domain model with the official comments on fields copied in, 2025
//	COPY-ZY          comments of zhuyunkj's pay-gateway (Go, in production, 2024 and 2025)
//
// Programs, and what users have published:
//
//	PEER-HM          houseme/bytedance, pay/, 2026-02
//	LIVE-2023-12     a settle callback of the industry system, automatic
//	LIVE-2024-02     a payment callback with its headers, out of a log of zhuyunkj's
//	LIVE-2025-07     requestOrder refused for a float and a wrong group: post 687e264ac57fb4064063b66e
//
// # What UNCONFIRMED means
//
// No public text settles it. The doc of package douyin has the table: what is taken, and which
// setting, or which field here, changes it.
package trade
