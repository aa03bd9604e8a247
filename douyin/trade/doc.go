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
// No public text settles it. What the code does, and what changes that:
//
//	in question                          taken                         changed by
//	to_status of fulfill_push_status     nothing is assumed            Fulfilment.ToStatus; QueryTags tells
//	                                                                   the words as BizStatus
//	a state of fulfilment that is held   Douyin takes it, or refuses    nothing
//	already, told once more              it with 20001: after a lost
//	                                     answer both mean that it is held
//	refund_status after a denial         the denial ends the refund    RefundState.Audit and Status are both
//	                                                                   told; Ended holds the rule
//	other words for a status             kept, and taken for no end    Result is Douyin's text
//	number of a refused client_token     11002, 2190002, 2190008,      Config.Codes
//	                                     28001003, 28001008
//	codes seen in the industry system    Doubtful: ask                 Config.Codes
//	only; 22013; 23119 and above
//	HTTP status of a refusal             the body counts, with 200     nothing
//	                                     and 400 alike
//	0 in err_no, another number in data  the other number              nothing
//	rate of the calls                    20 a second each; 12001       gate.Config.Rates
//	                                     waits 3 s
//	refund_create or settle_create with  an error, ErrExists: ask      Config.Codes
//	a number that is known
//	an unknown refund or settlement      an empty or missing list, or  nothing
//	                                     20000: not known
//	a second settlement of an order      Douyin's to say               nothing
//	length of settle_desc                80 characters                 MaxSettleDesc
//	length of a refund's reason          49 bytes                      MaxReasonBytes
//	length of skuAttr, largest amount    2048 bytes, MaxAmount         MaxSkuAttrBytes, MaxAmount
//	characters of a developer's number   as in guaranteed payment      numberFault
//	lengths of skuId, merchantUid,       64 bytes                      MaxNumberBytes
//	payScene, promotionId
//	names inside skuAttr of 402 to 406   passed through                SKU.Attr
//	goods types and rule groups          any, but a group that is a    SKU.GoodsType, SKU.TagGroupID;
//	                                     mere number is refused        QueryTags tells the app's own
//	totalAmount above price × quantity   refused; below is a discount  nothing
//	quotes in byteAuthorization          none                          SignerConfig.Quoted
//	age of a signature                   signed when asked for         nothing
//	a redelivery's signature and time    no freshness is asked         nothing
//	version other than 3.0               read by the same rules        Callback.Version is told
//	need_refund_audit neither 1 nor 2    an audit is needed            RefundRequest.NeedAudit
//	cp_extra and order_entry_schema of   always sent                   nothing
//	a refund
package trade
