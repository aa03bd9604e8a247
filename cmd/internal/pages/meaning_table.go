package pages

import "github.com/ordersync/ordersync/store"

// The texts that several numbers share.
var (
	fixOpenID = meaning{
		phrase{"Douyin does not take the buyer's open_id", "抖音不接受买家的 open_id"},
		phrase{"The open_id belongs to another app or another host (Toutiao, the developer tool), or it is not whole.", "该 open_id 属于其他小程序或其他宿主（如头条、开发者工具），或内容不完整。"},
		phrase{"Compare the buyer's row in the shop's user table with what tt.login gave for this app; only users who came through Douyin, Douyin Lite or Huoshan can be synced. Then push again.", "核对商城用户表中的 open_id 是否由本小程序的 tt.login 取得；只有来自抖音、抖音极速版、抖音火山版的用户可以同步。修正后重新推送。"},
	}
	fixToken = meaning{
		phrase{"Douyin refuses the access token", "抖音拒绝 access_token"},
		phrase{"Also a fresh token was refused: app id and secret do not belong together, or the token is of the wrong kind.", "更换新 token 后仍被拒绝：app id 与 secret 不匹配，或 token 类型不对。"},
		phrase{"Check douyin.app_id and douyin.secret; the token must come from /api/apps/v2/token. Run `ordersync doctor`, then push the group again.", "检查 douyin.app_id 与 douyin.secret；token 必须来自 /api/apps/v2/token。运行 `ordersync doctor`，然后整组重新推送。"},
	}
	fixApp = meaning{
		phrase{"Douyin does not accept the app", "抖音不认可该小程序配置"},
		phrase{"App id, provider or merchant do not belong together, or the app has not authorised the provider.", "app id、服务商或商户不匹配，或小程序尚未授权服务商。"},
		phrase{"Check douyin.app_id and the payment settings on Douyin's developer platform. Refunds and settlements wait meanwhile and go on by themselves.", "检查 douyin.app_id 以及抖音开放平台的支付设置。在此之前退款和分账都在等待，修正后自动继续。"},
	}
	fixSigning = meaning{
		phrase{"Douyin refuses our signature", "抖音校验签名失败"},
		phrase{"The salt is not the one in Douyin's console, or there is none here. Nothing took effect.", "支付密钥（SALT）与抖音后台不一致，或本机没有配置。请求均未生效。"},
		phrase{"Correct douyin.salt and restart; `ordersync sign --explain` shows what is signed. Refunds and settlements wait meanwhile and go on by themselves.", "修正 douyin.salt 并重启；`ordersync sign --explain` 可显示签名内容。在此之前退款和分账都在等待，修正后自动继续。"},
	}
	fixClientToken = meaning{
		phrase{"Douyin refuses the client_token", "抖音拒绝 client_token"},
		phrase{"It was replaced a moment ago, or another program fetches tokens for this app. Nothing took effect.", "token 刚被替换，或有其他程序为该小程序获取 token。请求均未生效。"},
		phrase{"Nothing at first: another one is fetched, and what waits goes on by itself. Where it stays so for minutes, check douyin.app_id and douyin.secret, and what else fetches tokens.", "先无需处理：会重新获取 token，等待中的任务自动继续。若持续数分钟，请检查 douyin.app_id、douyin.secret，以及是否有其他程序获取 token。"},
	}
	fixRight = meaning{
		phrase{"The app lacks the right to this call", "小程序没有调用该接口的权限"},
		phrase{"The capability is not opened for the app, or not published. Another token does not help. Nothing took effect.", "该能力尚未开通或未发布，更换 token 无济于事。请求均未生效。"},
		phrase{"Open the capability in Douyin's console and publish it. What waits goes on by itself.", "在抖音开放平台控制台开通相应能力（能力、解决方案）并发布，等待中的任务会自动继续。"},
	}
	fixCredentials = meaning{
		phrase{"Douyin refuses the app's credentials", "抖音拒绝小程序凭证"},
		phrase{"No token is given for this app id and secret, or not to this machine's address.", "以当前 app id 与 secret 无法取得 token，或本机地址不在白名单内。"},
		phrase{"Correct douyin.app_id and douyin.secret, and the list of allowed addresses on the developer platform. Everything else waits meanwhile.", "修正 douyin.app_id、douyin.secret 以及开放平台的 IP 白名单。在此之前所有任务都在等待。"},
	}
)

// failureMeanings: Douyin's codes as far as they are known (no complete official table is: UNCONFIRMED), then the kinds.
var failureMeanings = map[cause]meaning{
	// Order push.
	{"", -1}: {
		phrase{"Douyin's system error", "抖音系统错误"},
		phrase{"Douyin says 系统错误 and gives no reason. It tends to pass; where it does not, something in the order is often at fault.", "抖音返回“系统错误”而不说明原因。通常会自行恢复；若持续出现，往往是订单内容有问题。"},
		phrase{"Wait: ordersync asks again by itself. If it stays for hours, open one order and give its log id to Douyin's support.", "请等待：ordersync 会自动重试。若持续数小时，请打开一个订单，把 log id 提供给抖音技术支持。"},
	},
	{"", 40002}:             fixToken,
	{"", 40004}:             fixToken,
	{"unauthorized", 40014}: fixToken,
	{"rejected", 40014}: {
		phrase{"Douyin calls a parameter wrong", "抖音提示参数错误"},
		phrase{"The request was understood and a parameter of it refused.", "请求已被解析，但其中有参数不被接受。"},
		phrase{"Open one of the orders and compare the request with Douyin's words; mend the order in the shop, then push again.", "打开其中一个订单，对照抖音的提示检查请求；在商城修正订单后重新推送。"},
	},
	{"", 40003}: fixOpenID,
	{"", 40012}: fixOpenID,
	{"", 40031}: fixOpenID,
	{"", 40016}: {
		phrase{"Douyin does not take app_name", "抖音不接受 app_name"},
		phrase{"The name of the host app that is sent along is not one of Douyin's.", "随订单发送的宿主名称不在抖音允许的范围内。"},
		phrase{"Open one of the orders, look at app_name in the request, and report it: ordersync sets it.", "打开其中一个订单查看请求中的 app_name；该值由 ordersync 设置，请反馈此问题。"},
	},
	{"unavailable", 40022}: {
		phrase{"Douyin knows no payment for the order", "抖音没有该订单的支付单"},
		phrase{"担保交易支付订单不存在: the order's number is not an out_order_no of a guaranteed payment, or the order was pushed before create_order.", "担保交易支付订单不存在：订单号不是担保支付的 out_order_no，或在 create_order 之前就推送了。"},
		phrase{"Check that shop.columns.order_no, or order_no of shop.sql.order, is the number that create_order was given. Orders of other channels are kept out with shop.filter or WHERE.", "检查 shop.columns.order_no（或 shop.sql.order 的 order_no）是否为 create_order 使用的订单号。其他渠道的订单请用 shop.filter 或 WHERE 排除。"},
	},
	{"rejected", 40022}: {
		phrase{"Douyin does not take the line of business", "抖音不接受业务线"},
		phrase{"business_line does not fit this app.", "business_line 与该小程序不符。"},
		phrase{"Open one of the orders and read Douyin's words; ask Douyin's support with the log id.", "打开其中一个订单查看抖音的提示；并携带 log id 联系抖音技术支持。"},
	},
	{"", 40099}: {
		phrase{"order_detail has a wrong format", "order_detail 字段格式错误"},
		phrase{"Something in the order's detail is missing or does not add up: title, picture, amount or time.", "订单详情缺少内容或不一致：标题、图片、金额或时间。"},
		phrase{"Open one of the orders, compare its request with the shop's rows, mend them, then push again.", "打开其中一个订单，将请求与商城数据对照，修正后重新推送。"},
	},
	// Token.
	{"", 11002}:    fixClientToken, // of the general trade system
	{"", 28001003}: fixClientToken,
	{"", 28001008}: fixClientToken,
	{"", 2190002}:  fixClientToken,
	{"", 2190008}:  fixClientToken,

	{"", 11006}:    fixRight,
	{"", 28001014}: fixRight,
	{"", 28001016}: fixRight,
	{"", 28001018}: fixRight,
	{"", 28001019}: fixRight,
	{"", 2190004}:  fixRight,

	{"", 10003}: fixCredentials, // of the client_token
	{"", 10013}: fixCredentials,
	{"", 40006}: fixCredentials,
	{"", 40015}: fixCredentials,
	{"", 40017}: fixCredentials,
	{"", 40020}: fixCredentials,
	// Guaranteed payment.
	{"", 1000}: {
		phrase{"Douyin's internal error", "抖音内部错误"},
		phrase{"Douyin itself does not know whether the call took effect.", "抖音自身也不确定该调用是否生效。"},
		phrase{"Nothing: ordersync asks for the result before it sends anything again.", "无需操作：ordersync 会先查询结果，再决定是否重发。"},
	},
	{"", 1001}: {
		phrase{"Douyin is busy", "抖音繁忙"},
		phrase{"Too many calls in a short time.", "短时间内调用过多。"},
		phrase{"Wait. If it happens daily, lower douyin.rate_limit.", "请等待。若每天发生，请调低 douyin.rate_limit。"},
	},
	{"", 2000}: {
		phrase{"Douyin knows no such payment", "抖音没有该支付记录"},
		phrase{"The order's number was never paid for through this app.", "该订单号从未通过本小程序支付。"},
		phrase{"Check the order's number and the app. An order that was paid elsewhere is refunded there.", "检查订单号与小程序。在其他渠道支付的订单请在原渠道退款。"},
	},
	{"", 2008}: fixSigning,
	{"", 2010}: {
		phrase{"Douyin refuses a parameter of the payment call", "抖音拒绝支付接口参数"},
		phrase{"An amount, a number or a state does not fit: often a refund above what is left, or a settlement before its time.", "金额、单号或状态不符：常见于退款金额超过余额，或未到可分账时间。"},
		phrase{"Read Douyin's words at the order, mend the cause, and give the instruction again under a new number.", "在订单页查看抖音的提示，修正原因后用新单号重新发起。"},
	},
	{"", 2020}: fixApp,
	{"", 2042}: fixApp,
	{"", 2047}: fixApp,
	{"", 2048}: fixApp,
	{"", 4000}: fixApp,
	{"", 2102}: {
		phrase{"A developer number has a wrong length", "开发者单号长度不符"},
		phrase{"Numbers have at most 64 characters.", "单号最长 64 个字符。"},
		phrase{"Give the instruction again under a shorter number.", "用更短的单号重新发起。"},
	},
	{"", 3101}: {
		phrase{"Douyin knows no such refund", "抖音没有该退款记录"},
		phrase{"The refund was not accepted, or not long ago.", "退款未被受理，或刚刚受理。"},
		phrase{"Nothing: ordersync asks again, and sends the refund again when it is sure.", "无需操作：ordersync 会继续查询，确认后再重发。"},
	},
	{"", 4408}: {
		phrase{"Douyin knows no settlement to return", "抖音没有可回退的分账记录"},
		phrase{"The money of the order was not settled, so there is nothing to return.", "该订单尚未分账，没有可回退的资金。"},
		phrase{"Refund the order instead.", "请改用退款。"},
	},

	// Kinds, where the number says nothing.
	{"incomplete", 0}: {
		phrase{"The order is not complete in the shop", "商城中的订单信息不完整"},
		phrase{"A value that Douyin needs is missing or cannot be used. The words name table, row and column. Nothing was sent.", "抖音所需的某个值缺失或不可用，下方文字指出了表、行和列。尚未发送任何内容。"},
		phrase{"Mend the value in the shop's database, then push again.", "在商城数据库中修正该值，然后重新推送。"},
	},
	{"payload", 0}: {
		phrase{"The task cannot be understood", "任务内容无法解析"},
		phrase{"Whoever enqueued it sent a payload that ordersync does not know.", "入队程序写入了 ordersync 无法识别的内容。"},
		phrase{"Mend the program that enqueues, then push again.", "修正入队程序，然后重新推送。"},
	},
	{"not_found", 0}: {
		phrase{"The shop has no such order", "商城没有该订单"},
		phrase{"It was asked for, and the shop's table does not have it: never committed, deleted, or kept out by shop.filter or WHERE.", "有人请求推送，但商城表中没有该订单：事务未提交、已删除，或被 shop.filter 或 WHERE 排除。"},
		phrase{"Look for the order in the shop. If it should be there, check shop.filter and the id that is enqueued.", "在商城中查找该订单。若应当存在，请检查 shop.filter 与入队的订单号。"},
	},
	{"no_word", 0}: {
		phrase{"The order's status has no word of Douyin's", "订单状态没有对应的抖音状态"},
		phrase{"The shop's status value is not listed in shop.status.", "商城的状态值没有在 shop.status 中配置。"},
		phrase{"Add the value to shop.status if Douyin should see it, then push again.", "若需要让抖音看到该状态，请在 shop.status 中补充，然后重新推送。"},
	},
	{"database", 0}: {
		phrase{"The database failed", "数据库故障"},
		phrase{"The order could not be read or written.", "订单读取或写入失败。"},
		phrase{"Run `ordersync doctor`. A database that fails everybody costs no attempt; when it is well, push the group again.", "运行 `ordersync doctor`。数据库整体故障不消耗重试次数；恢复后可整组重新推送。"},
	},
	{"panic", 0}: {
		phrase{"A fault in ordersync", "ordersync 程序缺陷"},
		phrase{"The worker stumbled over this order; other orders go on.", "处理该订单时程序出错，其他订单不受影响。"},
		phrase{"Report it with the stack from the worker's log.", "请附上 worker 日志中的堆栈反馈问题。"},
	},
	{"unavailable", 0}: {
		phrase{"Douyin did not answer", "抖音没有应答"},
		phrase{"No answer, a server fault, or a code that nobody knows, again and again.", "多次没有应答、服务器错误，或返回未知错误码。"},
		phrase{"ordersync asks again every hour. When Douyin is well, push the group again to save the wait.", "ordersync 每小时自动重试。抖音恢复后可整组重新推送以免等待。"},
	},
	{"throttled", 0}: {
		phrase{"Douyin says: too many calls", "抖音提示调用过于频繁"},
		phrase{"The app's quota is used up.", "小程序的调用配额已用尽。"},
		phrase{"Wait: the rate goes down by itself. Lower douyin.rate_limit when it comes again and again.", "请等待，速率会自动下降；若反复发生，请调低 douyin.rate_limit。"},
	},
	{"unauthorized", 0}: fixToken,
	{"paused", 0}: {
		phrase{"Calls to Douyin are paused", "对抖音的调用已暂停"},
		phrase{"Douyin, or our credentials, failed again and again a moment ago. Nothing was sent.", "抖音或凭证刚刚连续失败，尚未发送任何内容。"},
		phrase{"Look at the other groups for the cause. Calls go on by themselves.", "请查看其他分组了解原因。调用会自动恢复。"},
	},
	{"doubtful", 0}: {
		phrase{"Douyin refuses with a code that nobody knows", "抖音以未知错误码拒绝"},
		phrase{"Whether the request took effect is asked of Douyin; it is not sent under another number.", "请求是否生效将向抖音查询确认；不会换单号重发。"},
		phrase{"Read Douyin's words. Tell the code to douyin.codes once its meaning is known.", "阅读抖音的提示；确认错误码含义后可写入 douyin.codes。"},
	},
	{store.KindDenied, 0}: {
		phrase{"The refund was denied", "退款已被拒绝"},
		phrase{"A buyer asked Douyin for it, and the shop said no, here or in Douyin's console. No money has moved.", "买家向抖音申请了退款，商家在此处或抖音控制台拒绝了。资金没有变动。"},
		phrase{"Nothing is to be done. To pay it back all the same, give a refund of the shop's own.", "无需处理。若仍要退款，请由商家自行发起一笔退款。"},
	},
	{"rejected", 0}: {
		phrase{"Douyin refuses the order", "抖音拒绝该订单"},
		phrase{"Douyin understood the request and says no; the same request would fail again.", "抖音已解析请求并明确拒绝；同样的请求再次发送仍会失败。"},
		phrase{"Read Douyin's words, mend the cause, then push again.", "查看抖音的提示，修正原因后重新推送。"},
	},
}

var alarmMeanings = map[string]meaning{
	store.AlarmAuditDue: {
		phrase{"Douyin is about to agree to a refund by itself", "抖音即将自行同意一笔退款"},
		phrase{"A buyer asked for it, and less than a day before the deadline Douyin has no word of the shop's: nobody has said one, or Douyin does not take it.", "买家申请了退款，距截止不到一天，抖音仍没有收到商家的意见：没有人表态，或抖音不接受该意见。"},
		phrase{"Say the word on the page of audits, or by `ordersync audit`. Where it is said, the order's page shows what Douyin answers.", "在退款审核页面表态，或使用 `ordersync audit`。若已表态，订单页会显示抖音的应答。"},
	},
	store.AlarmOverdue: {
		phrase{"No result for a day", "一天没有结果"},
		phrase{"Douyin accepted it and has neither called back nor given a final answer.", "抖音已受理，但既没有回调，也没有最终结果。"},
		phrase{"Look it up on Douyin's merchant platform and ask Douyin's support. ordersync goes on asking; do not send it again under another number.", "在抖音商家后台查询并联系技术支持。ordersync 会继续查询；请勿换单号重发。"},
	},
	store.AlarmAmount: {
		phrase{"The amounts differ", "金额不一致"},
		phrase{"Douyin names another amount than the shop.", "抖音给出的金额与商城不同。"},
		phrase{"Compare the order, the payment and Douyin's bill before anything is delivered, refunded or settled.", "在发货、退款或分账之前，核对订单、支付记录与抖音账单。"},
	},
	store.AlarmContradiction: {
		phrase{"Douyin contradicts what stands here", "抖音的结果与本地记录矛盾"},
		phrase{"It first named one result and later another, or one of what was never sent; or it decided a refund otherwise than the shop had said; or it tells of a payment in another payment system than the one in which the order is dealt with. The words say which. Money may have moved.", "抖音先后给出了不同的结果，或给出了从未发出的指令的结果；或对退款的处理与商家的意见相反；或告知的支付与订单所属的支付系统不同。下方文字说明属于哪一种。资金可能已经变动。"},
		phrase{"Look at Douyin's bill which of both is true, and correct the shop's books by hand.", "以抖音账单为准确认真实结果，并手工更正商城账目。"},
	},
	store.AlarmUnknownCode: {
		phrase{"Refused with a code that nobody knows", "抖音以未知错误码拒绝"},
		phrase{"Douyin refused it with the number beside, which is in no document, and does not know the instruction when it is asked. It has ended as failed.", "抖音以旁边的错误码拒绝了请求，该错误码没有公开文档；查询时抖音也没有该单号的记录。该指令已记为失败。"},
		phrase{"Read Douyin's words and look at the merchant platform before you give the instruction again under a new number. Tell the code to douyin.codes once its meaning is known.", "先阅读抖音的提示并在商家后台核对，再用新单号重新发起。确认错误码含义后可写入 douyin.codes。"},
	},
	store.AlarmUnreadable: {
		phrase{"A row of money cannot be read", "资金指令内容损坏"},
		phrase{"The column that the words name is not what ordersync wrote there, so no request can be made of it. It has ended as failed; no money moves under its number any more.", "下方文字指出的列已不是 ordersync 写入的内容，无法据此发送请求。该指令已记为失败，此单号不会再发生资金变动。"},
		phrase{"Find out who changes ordersync's tables. Then give the instruction again under a new number.", "查明是谁改动了 ordersync 的表，然后用新单号重新发起。"},
	},
	store.AlarmUnknownState: {
		phrase{"A row of money in an unknown state", "资金指令处于未知状态"},
		phrase{"Its state is none that this version of ordersync knows: a newer version has written it, or somebody has edited it. Nothing is sent and nothing is asked for it.", "它的状态不是当前版本的 ordersync 所认识的：由更新的版本写入，或被人改动。不会为它发送或查询任何请求。"},
		phrase{"Run the newer version again, which carries it on. If there is none, look on Douyin's merchant platform what became of its number.", "重新运行更新的版本，它会继续处理。若没有更新的版本，在抖音商家后台按单号查询结果。"},
	},
	store.AlarmUnsendable: {
		phrase{"No task can name this row of money", "资金指令的单号无法交付"},
		phrase{"Its number holds what Douyin and the queue do not take, so nothing is sent and nothing is asked for it. ordersync never writes such a number.", "单号含有抖音与队列不接受的字符，因此既不会发送，也不会查询。ordersync 不会写入这样的单号。"},
		phrase{"Find out who writes ordersync's tables. Look on Douyin's merchant platform whether it was sent under another number before you give it again.", "查明是谁写入了 ordersync 的表。重新发起之前，先在抖音商家后台确认是否已用其他单号发送过。"},
	},
	store.AlarmAutoSettle: {
		phrase{"Douyin settles by itself", "抖音侧已开启自动分账"},
		phrase{"The app's orders are settled automatically in Douyin's console, so Douyin refuses every settlement that ordersync asks for. This one has failed, and settle.auto leaves payments of trade alone.", "抖音控制台已配置自动分账，因此抖音拒绝 ordersync 发起的所有分账。这一笔已失败，settle.auto 不再处理通用交易的支付。"},
		phrase{"Switch one of the two off: the console's automatic settlement, or settle.auto. When you acknowledge this, settle.auto goes on.", "二者只留其一：关闭控制台的自动分账，或关闭 settle.auto。确认此警报后，settle.auto 会继续。"},
	},
	store.AlarmUnsettled: {
		phrase{"Automatic settlement has given up", "自动分账已放弃"},
		phrase{"It has failed again and again, or could not be written down. The words are those of the last failure.", "多次分账失败，或指令无法写入。下方为最后一次失败的原因。"},
		phrase{"Mend the cause, or settle the order by hand. When you acknowledge this, it is tried again, as often as before.", "排除原因，或手工分账。确认此警报后会再次自动尝试，次数与之前相同。"},
	},
	store.AlarmPutAside: {
		phrase{"Money that the shop asked for, and nobody can carry out", "商城请求的资金指令无法执行"},
		phrase{"The shop wrote this row into ordersync_outbox. It can never be handed over, for the reason below: no refund or settlement came of it.", "商城把这一行写入了 ordersync_outbox，但由于下方原因永远无法交付：没有产生退款或分账。"},
		phrase{"Mend the program that writes it and, if the money is still owed, ask again under the same number. Then acknowledge this.", "修正写入程序；若款项仍应支付，用相同单号重新发起，然后确认此警报。"},
	},
	store.AlarmUnanswered: {
		phrase{"A payment that Douyin does not tell of", "抖音未告知结果的支付"},
		phrase{"It was asked for through ordersync, no callback came, and until a day after it could be paid last Douyin gave no final answer.", "该支付由 ordersync 发起，没有收到回调，且在可支付时间结束一天后抖音仍未给出最终结果。"},
		phrase{"Look it up on Douyin's merchant platform: if it was paid, correct the shop's order by hand.", "在抖音商家后台查询；若已支付，请手工更正商城订单。"},
	},
	store.AlarmForeignApp: {
		phrase{"A callback about another app", "其他小程序的回调"},
		phrase{"It is signed with our callback token or by our platform key, and its app id is not douyin.app_id. It was stored and changed nothing here.", "它用我们的回调 token 或平台公钥验签通过，但 app id 不是 douyin.app_id。已保存，未改动任何数据。"},
		phrase{"Look which app the words name: give each app a token and a notify_url of its own in Douyin's console, or correct douyin.app_id and let Douyin's bill show what was paid.", "查看下方指出的小程序：在抖音控制台为每个小程序设置各自的 token 和回调地址；若是 douyin.app_id 配错，请改正，并以抖音账单核对已支付的订单。"},
	},
	store.AlarmUnknownType: {
		phrase{"A callback of an unknown type", "未知类型的回调"},
		phrase{"Douyin signed it, and ordersync does not know its type. It was stored, handed to the shop's own handler where there is one, and changed nothing here.", "抖音已签名，但 ordersync 不认识它的类型。已保存，并已转给商城自己的处理程序（如已设置），未改动任何数据。"},
		phrase{"Look in Douyin's documents what it means; its body stands in ordersync_callback. A new version of ordersync may know it.", "查阅抖音文档了解其含义；正文在 ordersync_callback 表中。新版 ordersync 可能已支持。"},
	},
	store.AlarmNotUnderstood: {
		phrase{"A callback that cannot be understood", "无法理解的回调"},
		phrase{"Douyin signed it, and the field that the words name is not what it must be. It was stored, handed to the shop's own handler where there is one, and changed nothing here. A buyer's question about a refund (pre_create_refund) was answered, and stands among the refunds under its number.", "抖音已签名，但下方指出的字段不符合要求。已保存，并已转给商城自己的处理程序（如已设置），未改动任何数据。买家的退款询问（pre_create_refund）已应答，并以其单号列在退款中。"},
		phrase{"Look up the payment, refund or settlement on Douyin's merchant platform; the callback's body stands in ordersync_callback. Tell the makers of ordersync.", "在抖音商家后台查询该笔支付、退款或分账；回调正文在 ordersync_callback 表中。请告知 ordersync 的开发者。"},
	},
	store.AlarmUndelivered: {
		phrase{"A callback that the shop's own handler never took", "商城自己的处理程序一直未接收的回调"},
		phrase{"It was handed to callbacks.forward_url for seven days and never answered with success. What ordersync does of it was done when it came; what the shop's handler does was not.", "七天内多次转给 callbacks.forward_url，从未得到成功应答。ordersync 应做的处理在收到时已完成，商城处理程序应做的没有完成。"},
		phrase{"Mend the handler, and do by hand what it would have done: the callback's body stands in ordersync_callback. Then acknowledge this.", "修正处理程序，并手工补做它应做的处理：回调正文在 ordersync_callback 表中。然后确认此警报。"},
	},
	store.AlarmUnknownOrder: {
		phrase{"Money of an order that the shop does not have", "涉及商城没有的订单的资金"},
		phrase{"Douyin told of a payment whose number the shop does not know, or of a refund or settlement that Douyin has opened for an order of which no payment is known.", "抖音告知了一笔商城没有对应订单的支付，或由抖音发起、但找不到对应支付的退款或分账。"},
		phrase{"Look for the order under shop.filter and in other shops that use this app. If nobody knows a payment's, pay it back on Douyin's merchant platform. Of a refund or settlement it passes as soon as the payment's callback comes.", "检查 shop.filter，以及使用同一小程序的其他商城。若确无此支付对应的订单，请在抖音商家后台退款。退款或分账的这一警报，在收到支付回调后自动消除。"},
	},
}
