// Package douyin is all that ordersync knows of Douyin (抖音): the order centre push, the app token,
// guaranteed payment (担保支付, ecpay v1), its signature, its callbacks, and what Douyin's answers
// mean. It knows no database and no queue. Others may import it as a client of its own; tokencache
// beside it shares the token among processes, gate holds the rate, simulator answers in tests.
//
//	cache, err := tokencache.New(…) // or Tokens of your own
//	client, err := douyin.NewClient(douyin.Config{AppID: "tt…", Salt: "…"}, cache)
//	receipt, err := client.PushOrder(ctx, douyin.OrderPush{…})
//
// A call is built, sent and judged. Every failure is an *Error whose Kind says what the caller may
// do; values that Douyin would refuse are found before anything is sent and are a *FieldError
// inside an *Error of Kind Rejected.
//
// # Why a client never retries
//
// Waiting belongs to the queue: it survives a restart, can be seen, and frees the slot. The one
// exception is a refused access_token: it is thrown away, a fresh one fetched, and the push sent
// once more, because the refusal is about the token and not about the order.
//
// # Why the meaning of a code is a table
//
// Douyin's codes of the order push are not stable between versions of its documentation: 40014 was
// "http param error" in 2021 and "bad access token" later, 40022 was "business_line" and is "order
// does not exist" now. So codes.go holds rules of call, code and words, and Config.Codes overrules
// them without a new release.
//
// # Why MayHave
//
// A call that was cut after it was sent may have taken effect. For an order push that is harmless
// (the push is an upsert), for money it decides between asking and sending again. MayHave is false
// only when it is known that Douyin did nothing: no connection was had, or Douyin said no.
//
// # Why secrets are hidden here
//
// Requests and answers go to a log that people read. This package alone knows which parts of them
// are an access_token, a secret or somebody's open_id, so it hides them before anything leaves: in
// Receipt, in Error.Message, in the text of network errors (a *url.Error is unwrapped, its URL
// dropped). The mask keeps nothing of what it hides, not even a length.
//
// # Why an unknown code of a signed call is Doubtful
//
// An order push that fails for an unknown reason is tried again, because it is an upsert. A refund
// or settlement is not: Douyin's lists of codes for them are not known, and after a first failure
// the number may be dead. So an unknown code is neither success nor failure. The caller asks the
// query what became of the number, and only "no such record" together with the refusal ends it, in
// Douyin's words, for a person to read. What Douyin itself does not know the end of (1000, 5xx, a
// cut connection) comes with MayHave: ask the query first, then send the same number with the same
// content.
//
// # Why texts are brought into a normal form
//
// The signature is made of trimmed values without outer quotes, and Douyin trims by the rules of
// another language than we do. So the signed calls send what they sign: a text without anything
// that anybody would trim or cut. The order push is not signed and its texts go as they are.
//
// # Why a callback's type is held against its message
//
// Douyin's signature covers timestamp, nonce and msg, not type. A relay could turn a refund into a
// payment. The signed message names what it is about, and VerifyCallback believes that.
//
// # Why the gate stands before the token
//
// A Gate (rate limit and circuit breaker) is entered before the token is asked for: so a failing
// token endpoint counts against the same breaker, and a call that was parked for twenty seconds
// does not wake up with an old token. The second exchange after a refused token runs under the same
// admission: it happens once per token, not once per order.
//
// # Sources
//
// Comments name the source of a foreign rule by a tag. All were read in November 2026, some of the
// pages in copies, and nothing was tried against the live platform. Pages without a host stand
// under
// https://developer.open-douyin.com/docs/resource/zh-CN/.
//
// Douyin's own pages on guaranteed payment:
//
//	ORDER-SYNC       订单同步, order sync: mini-app/develop/server/ecpay/order/order-sync,
//	                 later mini-app/develop/server/payment/ecpay/order/order-sync
//	PAY              预下单, create_order: mini-app/develop/server/ecpay/pay-list/pay
//	PAY-QUERY        query_order: mini-app/develop/server/ecpay/pay-list/query
//	PAY-CB           callback of a payment: mini-app/develop/server/ecpay/pay-list/callback
//	REFUND           create_refund: mini-app/develop/server/ecpay/refund-list/refund
//	REFUND-QUERY     query_refund: mini-app/develop/server/ecpay/refund-list/query
//	REFUND-CB        callback of a refund: mini-app/develop/server/ecpay/refund-list/callback
//	SETTLE           settle: mini-app/develop/server/ecpay/settlements/settlement
//	SETTLE-QUERY     query_settle: mini-app/develop/server/ecpay/settlements/query
//	SETTLE-CB        callback of a settlement: mini-app/develop/server/ecpay/settlements/callback
//	TOKEN            get-access-token, and mini-app/develop/server/server-api-introduction
//
// Older pages, and copies of pages:
//
//	OLD-REFUND       create_refund, rules of 2021: https://microapp.bytedance.com/docs/zh-CN/
//	                 mini-app/develop/server/ecpay/APIlist/refund-list/refund/
//	OLD-SETTLE       settle, rules of 2021: https://microapp.bytedance.com/docs/zh-CN/
//	                 mini-app/develop/server/ecpay/APIlist/settlements/settlement/
//	COPY-2021-ORDER  the page on order push as of 2021-11-08, copied into the comments of the PHP
//	                 class Bytedance\Toutiao\Manager\Order (handsomegyr's SDK)
//	COPY-2021-ECPAY  the pages on guaranteed payment as of 2021-12-16, copied into those of the PHP
//	                 class Bytedance\Toutiao\Manager\Ecpay (the same SDK)
//	COPY-2023-ORDER  the page on order push after September 2023, copied into the comments of a public
//	                 Go package. houseme/bytedance, payment/syncorder/domain.go, says seconds too
//	COPY-APIFOX      pages with tables of err_no: https://douyin.apifox.cn/api-130373005,
//	                 https://douyin.apifox.cn/api-130548761
//	THIRD-PARTY      pages for service providers: thirdparty/API/smallprogram
//
// Programs:
//
//	SIGN-DEMO        the official demo of both signatures, July 2022:
//	                 https://github.com/bytedance/open-pay-signature-go-demo, utils/sign.go
//	SDK-SAMPLES      samples of answers in fudiwei/DotNetCore.SKIT.FlurlHttpClient.ByteDance:
//	                 test/…/ModelSamples/_/_Legacy/Apps/Order/AppsOrderPushV2Response.json
//
//	DOUYIN-OPEN      numbers and envelopes of the gateway of open.douyin.com, 28001003 and 28001008
//	                 among them, as public clients of it read them; for the mini-app calls UNCONFIRMED
//
// Live answers that users have published; a number is that of a post in the forum of
// developer.open-douyin.com:
//
//	LIVE-2023-01     40022, 担保交易支付订单不存在: post 63b7dedd59eb88f4b6076559
//	LIVE-2023-04     40099, order_detail字段格式错误: post 642cd2c1bb12d9ebff08d341
//	LIVE-2023-08     40012, open_id错误，请检查是否在抖音、抖音lite、火山内产生: post 64d1ee95b288b4746616dae3
//	LIVE-2024-05     40004, a token of the wrong kind: a blog, 3ogx.com, 2024-05-30
//	LIVE-2024-11     40031, with the words of 40012: post 674584286c3cac8e0200dbea
//	LIVE-2026-01     -1, 系统错误: post 696b4b2d26aabeeaa9bb6fc3, 2026-01-17
//
// # What UNCONFIRMED means
//
// No public text settles it, so the code takes the careful reading, has a setting, or asks Douyin
// before it believes. Douyin's sandbox can settle most of it: set douyin.base_url to
// https://open-sandbox.douyin.com, with an app of the sandbox. It has payments, refunds and
// settlements; it delivers each callback once, forgets everything after 14 days, and fails on
// purpose where a request has the header Aweme-Negative-Test. `ordersync sign` signs a request for
// curl. Order pushes are not listed there: those questions take one order of a live app.
//
//	in question                          how to find out
//	codes of the order push              push orders with one fault each (open_id of another app, no
//	                                     item_list); `ordersync status ORDER` shows code and words
//	unit of update_time                  push an order, change it, push it again, in the unit of
//	                                     douyin.update_time_unit; look whether the app shows the change
//	rate of the order push               raise douyin.rate_limit until ordersync_rate_limit_now falls
//	                                     below it. The number with which Douyin throttles stands in
//	                                     the order's history: 1001 is ecpay's
//	words for a number that is dead      sandbox: refund more than was paid, then the same number again
//	words for a settlement too early     sandbox: settle a minute after the payment; then again under
//	                                     the same number when the time has come: is it dead?
//	codes of create_order, create_refund sandbox: one request for each fault, and each case of the header
//	and settle                           Aweme-Negative-Test
//	no such record in query_settle       sandbox: ask for a number that was never used: 4408, or which?
//	what finish does beside receivers    sandbox: settle a part with finish "false", look at
//	                                     unsettle_amount, settle again with "true"
//	length of a refund's reason          sandbox: 100 Chinese characters. Taken: the limit is characters
//	a redelivery's time and signature    a live app: answer a callback with 500 in a handler of your
//	                                     own, and compare the bodies that come
//	how long Douyin waits for an answer  a live app: answer one callback late, and see whether it comes
//	                                     again
//	number of a token request that       ask the sandbox's token endpoint without appid
//	lacks a parameter
//
// # What is in question of trade
//
// Of the second payment system (package trade) nothing was tried against the live platform. What
// the code does where no public text settles it, and what changes that:
//
//	in question                          taken                          changed by
//	the system of an order of which no   ecpay; a payment proves it     shop.trade, douyin.trade.since
//	payment is known
//	to_status of fulfill_push_status     nothing is told                douyin.trade.fulfil; `ordersync
//	                                                                    doctor` lists the app's own words
//	a state of fulfilment that is held   Douyin takes it, or refuses    nothing
//	already, told once more              it with 20001: after a lost
//	                                     answer both mean that it is held
//	refund_status after a denial         the denial ends the refund     nothing: it fails whatever the
//	                                                                    status says
//	other words for a status             kept, and taken for no end     nothing: the query is asked again
//	number of a refused client_token     11002, 2190002, 2190008,       douyin.codes
//	                                     28001003, 28001008
//	codes seen in the industry system    in doubt: Douyin is asked      douyin.codes
//	only; 22013; 23119 and above
//	HTTP status of a refusal             the body counts, with 200      nothing
//	                                     and 400 alike
//	0 in err_no, another number in data  the other number               nothing
//	rate of the calls                    20 a second each; 12001        gate.Config.Rates
//	                                     waits 3 s
//	refund_create or settle_create with  an error: Douyin is asked      douyin.codes
//	a number that is known
//	an unknown refund or settlement      an empty or missing list, or   nothing
//	                                     20000: not known
//	a second settlement of an order      Douyin's to say                nothing
//	when an order can be settled         7 days after the payment       settle.after; 23107 and 23113 ask
//	                                                                    again within the hour
//	time for the answer to               below a second                 nothing
//	pre_create_refund
//	length of settle_desc                80 characters                  trade.MaxSettleDesc
//	length of a refund's reason          49 bytes                       trade.MaxReasonBytes
//	length of skuAttr, largest amount    2048 bytes, MaxFen             trade.MaxSkuAttrBytes, MaxAmount
//	characters of a developer's number   as in guaranteed payment       nothing
//	lengths of skuId, merchantUid,       64 bytes                       trade.MaxNumberBytes
//	payScene, promotionId
//	names inside skuAttr of 402 to 406   passed through                 sku_attr of the payment
//	goods types and rule groups          any, but a group that is a     douyin.trade.goods_type,
//	                                     mere number is refused         douyin.trade.tag_group_id; `doctor`
//	                                                                    lists the app's own
//	totalAmount above price × quantity   refused; below is a discount   nothing
//	quotes in byteAuthorization          none                           douyin.trade.quoted
//	age of a signature                   signed when asked for          nothing
//	a redelivery's signature and time    no freshness is asked          nothing
//	version other than 3.0               read by the same rules         nothing
//	need_refund_audit neither 1 nor 2    an audit is needed             refunds.audit says what then
//	cp_extra and order_entry_schema of   always sent                    nothing
//	a refund
//	the page of a refund request where   pages/index/index              douyin.trade.refund_page,
//	none is configured                                                  order_page
package douyin
