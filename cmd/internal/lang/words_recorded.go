package lang

// recordedWords is the Chinese for what stands in the rows of MySQL: why an instruction, a payment, an
// audit or a task waits, has failed or needs a person.
var recordedWords = map[string]string{ //nolint:gosec // words, and no credentials
	// Alarms and ends of money.
	"%s yuan":     "%s 元",
	"%s diamonds": "%s 钻石",
	"the shop said %s, and Douyin has it as %s":  "商家的意见为“%s”，抖音侧的结果为“%s”",
	"Douyin moved %s, the row says %s":           "抖音实际划转 %s，登记为 %s",
	"Douyin named %s yuan after %s":              "抖音给出 %s 元，此前为 %s",
	"Douyin named %s after %s":                   "抖音给出 %s，此前为 %s",
	"Douyin said %s after SUCCESS":               "抖音在 SUCCESS 之后又给出 %s",
	"Douyin said %s after %s":                    "抖音给出“%s”，此前为“%s”",
	"Douyin said %s, and nothing of it is there": "抖音给出“%s”，而我方从未向抖音发送过",
	"Douyin says %s":                             "抖音返回 %s",
	"Douyin tells of %s yuan that were paid in ecpay, and it is a payment of trade": "抖音告知有 %s 元经担保支付付款，而该支付属于通用交易系统",
	"Douyin tells of it as a payment of trade, and it was paid in ecpay":            "抖音将其作为通用交易系统的支付告知，而它是经担保支付付款的",
	"Douyin tells of it as one of trade, and the order was paid in ecpay":           "抖音将其作为通用交易系统的告知，而该订单是经担保支付付款的",
	"its payment is one of %s, and its order is dealt with in %s already":           "其支付属于%s，而其订单已按%s处理",
	"%s of %s is about it, and it is of %s":                                         "%[2]s的%[1]s与它有关，而它属于%[3]s",
	"a %s callback":                                                                 "%s回调",
	"paid are %s yuan, the shop's order has %s":                                     "已支付 %s 元，而商城订单金额为 %s 元",
	"paid are %s, asked were %s":                                                    "已支付 %s，而发起支付的金额为 %s",
	"paid twice: Douyin's order %s beside %s":                                       "重复支付：抖音订单 %s，另有 %s",
	"the shop has no order with this number":                                        "商城没有该单号的订单",
	"%d settlements have failed, the last one: %d %s":                               "已有 %d 次分账失败，最近一次：%d %s",
	"Douyin has settled the order by itself: %s":                                    "抖音已自动为该订单分账：%s",
	"Douyin has this number already; ask what became of it":                         "抖音已有该单号；将查询其结果",
	"the app settles automatically at Douyin; switch off one of the two":            "该应用在抖音侧已开启自动分账：请关闭其中一方",
	"Douyin does not tell the items of the order":                                   "抖音未返回该订单的 item",
	"Douyin knows no payment of the order yet":                                      "抖音尚无该订单的支付",
	"Douyin knows no payment of the order":                                          "抖音没有该订单的支付",
	"the order is not paid yet: Douyin says %s":                                     "该订单尚未支付：抖音返回 %s",
	"the order was never paid: Douyin says %s":                                      "该订单从未支付：抖音返回 %s",
	"there is no instruction with this number":                                      "没有该单号的退款或分账",
	"there is no refund with this number":                                           "没有该单号的退款",
	"the payment that it is of: %v":                                                 "所属的支付：%v",
	"what Douyin says of it: %v":                                                    "抖音返回的结果：%v",
	"ordersync_payment.items of %s is not as it was written down: %v":               "%s 的 ordersync_payment.items 与登记时不一致：%v",
	"items of a payment: %v":                                                        "支付的 item：%v",
	"the payment system %s is not configured":                                       "支付系统“%s”尚未配置",
	"this worker is not set up for payments of %s":                                  "该 worker 未配置“%s”的支付",
	"the state is none that this version knows":                                     "本版本不认识该状态",
	"the order's key %s, so no task can name it: let shop.columns.id (or id of shop.sql.order) be a key without one": "订单主键%s，任务无法以它为名：请让 shop.columns.id（或 shop.sql.order 的 id）使用不含这些字符的键",
	"neither douyin.trade.refund_page nor order_page is set, and Douyin wants a page of the refund":                  "douyin.trade.refund_page 与 order_page 均未设置，而抖音需要退款页面",

	// Douyin's answers, and those that did not come.
	"%v (not asked again for %s)":                                     "%v（%s 内不再请求）",
	"Douyin asked for fewer calls":                                    "抖音要求降低调用频率",
	"more calls wait than the rate limit lets through":                "等待中的调用超过限流允许的数量",
	"so another caller was answered a moment ago":                     "刚刚对另一调用方也是如此应答",
	"answer holds no usable token":                                    "应答中没有可用的 token",
	"answer is longer than 1 MiB":                                     "应答超过 1 MiB",
	"answer is not Douyin's JSON":                                     "应答不是抖音的 JSON",
	"answer says success but lacks what it should hold":               "应答为成功，但缺少应有的内容",
	"neither text nor number":                                         "既不是文本也不是数字",
	"douyin refuses the token":                                        "抖音拒绝该 token",
	"the client was made without Tokens":                              "客户端未配置 token 来源",
	"not sent":                                                        "未发送",
	"no answer":                                                       "没有应答",
	"Douyin, or our credentials, failed again and again a moment ago": "抖音或我方凭据刚刚连续失败",
	"the database failed again and again a moment ago":                "数据库刚刚连续失败",
	"the app lacks the right to this call; open the capability in Douyin's console (能力, 解决方案) and publish it": "该应用没有此接口的权限：请在抖音开放平台控制台开通相应能力（能力、解决方案）并发布",

	"douyin.app_id or douyin.secret is not set": "未设置 douyin.app_id 或 douyin.secret",
	"douyin.salt is not set":                    "未设置 douyin.salt",
	"nothing of douyin.trade is set":            "未设置 douyin.trade",

	// Tasks.
	"panic: %v":                              "程序缺陷：%v",
	"record: %v":                             "写入记录：%v",
	"record %s: %v":                          "写入记录（%s）：%v",
	"Douyin may still hear of the word":      "抖音可能仍会收到该意见",
	"a request of another task is in flight": "另一任务的请求正在途中",
	"another task is at this instruction":    "另一任务正在处理该指令",
	"another task is pushing this order":     "另一任务正在推送该订单",
	"no slot came free: Douyin is slow, the gate holds calls back, or worker.concurrency is small": "没有空闲名额：抖音响应慢、限流拦截调用，或 worker.concurrency 过小",
	"old orders wait until live ones have passed":                                                  "历史订单需等待实时订单先行",
	"the order keeps changing":                               "订单一直在变化",
	"the process is stopping":                                "进程正在停止",
	"this process carries out no %s":                         "该进程不处理 %s",
	"bad outbox row: %s":                                     "outbox 行无效：%s",
	"outbox row cannot be taken yet: %s":                     "outbox 行暂时无法领取：%s",
	"inbox: refused":                                         "inbox：拒绝",
	"is not for a push: use the fields cause and revision":   "不适用于推送：请使用字段 cause 与 revision",
	"create the group: %v":                                   "创建消费者组：%v",
	"forget idle consumers: %v":                              "移除闲置的消费者：%v",
	"inbox: lag: %v":                                         "inbox：读取积压：%v",
	"inbox: read the dead stream: %v":                        "inbox：读取死信流：%v",
	"sweep: hand over: %v":                                   "巡检：移交：%v",
	"sweep: look: %v":                                        "巡检：查找：%v",
	"scheduler: the round of automatic settlement ends here": "scheduler：本轮自动分账到此结束",
	"worker: %d pushes in hand: want at least 1":             "worker：同时推送数为 %d：至少应为 1",
	"worker: no handler":                                     "worker：没有处理程序",
	"worker: start: %v":                                      "worker：启动：%v",
	"worker: Redis does not answer, so asynq did not end; %d handlers still ran. Tasks whose end Redis was not told run again in about two minutes and find in MySQL what is done": "worker：Redis 没有应答，asynq 未能结束；仍有 %d 个任务在执行。未能告知 Redis 已结束的任务约两分钟后会重新执行，并从 MySQL 得知已完成的部分",
}

// terms are the Chinese for the words of our own that stand alone in the holes of a text. Other words
// there are a name, a number or Douyin's, and stay.
var terms = map[string]map[string]string{
	"the shop said %s, and Douyin has it as %s": {
		"agree": "同意", "deny": "拒绝", "none": "未审核", "needed": "待审核", "agreed": "已同意", "denied": "已拒绝", "overtime": "到期自动同意",
	},
	"a %s callback":                              {"payment": "支付", "refund": "退款", "settle": "分账", "pre_create_refund": "买家申请退款"},
	"Douyin said %s after %s":                    endTerms,
	"Douyin said %s, and nothing of it is there": endTerms,
	"its payment is one of %s, and its order is dealt with in %s already": systemTerms,
	"%s of %s is about it, and it is of %s":                               {"ecpay": "担保支付", "trade": "通用交易系统", "a refund": "退款"},
	"store: %s payment: %v": {
		"expect": "登记", "forget": "删除", "expected": "读取", "due": "读取到期", "hand over": "移交", "postpone": "推迟", "give up": "放弃", "alarms of": "读取告警", "confirm": "确认",
	},
	"the payment system %s is not configured":      systemTerms,
	"this worker is not set up for payments of %s": systemTerms,
	"store: due %ss: %v":                           moneyTerms,
	"store: postpone due %ss: %v":                  moneyTerms,
	"store: open %ss: %v":                          moneyTerms,
	"store: %ss of order: %v":                      moneyTerms,
	"store: %q is not the end of a %s":             moneyTerms,
}

var (
	endTerms    = map[string]string{"succeeded": "成功", "failed": "失败"}
	systemTerms = map[string]string{"ecpay": "担保支付", "trade": "通用交易系统"}
	moneyTerms  = map[string]string{"payment": "支付", "refund": "退款", "settlement": "分账"}
)
