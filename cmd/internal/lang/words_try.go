package lang

// tryWords is the Chinese for what is there to be tried: demo, dev, simulator, load test.
var tryWords = map[string]string{ //nolint:gosec // words, and no credentials
	// The demo.
	"ordersync demo: %d orders, faults: %s. Redis, database, Douyin and the shop all live in this process.": "ordersync demo：%d 个订单，故障档位：%s。Redis、数据库、抖音和商城都在本进程内。",
	"  %5.1fs  in step with the shop %d, refused %d, under way %d":                                          "  %5.1fs  与商城一致 %d，被拒绝 %d，处理中 %d",
	"yuan":                       "金额（元）",
	"asked by":                   "触发方式",
	"the shop says":              "商城状态",
	"pushes":                     "推送次数",
	"what happened":              "经过",
	"nothing":                    "无",
	"%s, paid back":              "%s，已退款",
	", then ":                    "，然后",
	", ":                         "、",
	"NOT IN STEP: %s %s %s":      "与商城不一致：%s %s %s",
	"refused: %s":                "被拒绝：%s",
	"refused by Douyin: %s (%d)": "被抖音拒绝：%s（%d）",
	"%s, though it took effect":  "%s，但已生效",
	"refused with code %d":       "被拒绝，错误码 %d",
	"busy (1001)":                "系统繁忙（1001）",
	"unreadable answer":          "应答无法解析",
	"no answer":                  "没有应答",
	"connection cut":             "连接被切断",
	"token revoked":              "token 被作废",
	"  (%d more orders arrived at once and are not shown)": "  （另有 %d 个订单一次送达，未列出）",
	"\nDouyin holds: %s.": "\n抖音侧状态：%s。",
	"%d orders in step with the shop, %d refused with a reason, %d wrong, in %.1f s.":                                                    "%d 个订单与商城一致，%d 个因故被拒绝，%d 个有误，用时 %.1f 秒。",
	"%d pushes reached Douyin; %d orders met %d faults and were tried again; %d access token(s) fetched; %d pushes made an order older.": "送达抖音的推送 %d 次；%d 个订单共遇到 %d 次故障并已重试；获取 access_token %d 次；使订单状态倒退的推送 %d 次。",
	"\nMoney":                                        "\n资金",
	"payment created":                                "创建支付",
	"HTTP %d, order_token for tt.pay":                "HTTP %d，返回 tt.pay 所需的 order_token",
	"partial refund":                                 "部分退款",
	"the same refund again":                          "同一退款再次提交",
	"the same number, another amount":                "单号相同，金额不同",
	"more than was paid":                             "超过实付金额",
	"full refund":                                    "全额退款",
	"forged callback":                                "伪造的回调",
	"trade: payment of order %s":                     "trade：订单 %s 的支付",
	"trade: refund of order %s":                      "trade：订单 %s 的退款",
	"opened by the %s, the shop says: %s":            "由 %s 发起，商家审核意见：%s",
	"signed for tt.requestOrder, requested and paid": "已为 tt.requestOrder 签名、下单并支付",
	"number":       "单号",
	"fen":          "金额（分）",
	"our state":    "我方状态",
	"requests":     "请求次数",
	"questions":    "查询次数",
	"Douyin moved": "抖音侧变动",
	"settle":       "分账",
	"Moved twice, or too much, or without being asked: %d.": "重复、超额或未经请求的资金变动：%d。",
	"some orders did not arrive with their right state":     "有订单未以正确的状态送达抖音",
	"%s: HTTP %d instead of %d: %s":                         "%s：HTTP %d，应为 %d：%s",
	"payment: HTTP %d: %s":                                  "支付：HTTP %d：%s",
	"gateway: %s: %s":                                       "网关：%s：%s",
	"payment of trade: %v":                                  "通用交易系统的支付：%v",
	"refund %s, which a buyer asked for: %v":                "用户发起的退款 %s：%v",
	`
Still running, until Ctrl-C.

  operators' pages  %[1]s   sign in as %[2]q with the password %[3]q, made for this run
  asynqmon          %[1]s/asynqmon/
  gateway           %[4]s   with the header "Authorization: Bearer %[6]s"
  Douyin's ledger   %[5]s/_sim/ledger`: `
仍在运行，按 Ctrl-C 结束。

  运维页面    %[1]s   用户名 %[2]q，密码 %[3]q（本次运行生成）
  asynqmon    %[1]s/asynqmon/
  网关        %[4]s   请求头 "Authorization: Bearer %[6]s"
  抖音账本    %[5]s/_sim/ledger`,
	`
Douyin has refused order %[1]s, because its buyer's open_id was another app's. The shop has corrected that since: open
%[2]s/orders/%[1]s, press "Push again" and see it arrive. The other three are still wrong in the shop, and are refused again.`: `
订单 %[1]s 已被抖音拒绝：买家的 open_id 属于另一个小程序。商城随后已更正：打开
%[2]s/orders/%[1]s，点“重新推送”，即可看到订单送达。另外三个在商城中仍有误，重推也会再次被拒绝。`,

	// A whole deployment that stays.
	`ordersync dev: a whole deployment for trying out, until Ctrl-C. Nothing of it reaches the real Douyin.

  operators' pages  http://%[1]s   sign in as %[2]q with the password %[3]q
  Douyin's side     http://%[6]s   pay, cancel, ask for a refund, break things, see the ledger
  gateway           http://%[4]s   payments: %[5]s
  Redis             redis://%[11]s/0   for programs that use the stream or asynq
  state             %[7]s   (%[8]s; remove the folder to begin anew)

%[9]s
Redis is in memory alone: what stood in its queues at the end is found again by the sweep.

From a shell:

  curl -H "Authorization: Bearer %[10]s" -H "Content-Type: application/json" \
    -d '{"cause":"changed"}' http://%[4]s/v1/orders/1001/push

From PHP (composer require ordersync/client):

  $client = new OrderSync\Client('http://%[4]s', '%[10]s');
  $client->push(1001, ['cause' => 'changed']);

From Go (github.com/ordersync/ordersync/tasks/client):

  c, err := client.New(client.Config{URL: "http://%[4]s", Token: "%[10]s"})
  queued, err := c.Push(ctx, "1001", client.Push{Cause: "changed"})
`: `ordersync dev：一整套试用环境，按 Ctrl-C 结束。不会访问真实的抖音。

  运维页面    http://%[1]s   用户名 %[2]q，密码 %[3]q
  抖音一侧    http://%[6]s   付款、取消、申请退款、制造故障、查看账本
  网关        http://%[4]s   支付系统：%[5]s
  Redis       redis://%[11]s/0   供使用 stream 或 asynq 的程序连接
  状态目录    %[7]s   （%[8]s；删除该目录即可从头开始）

%[9]s
Redis 只在内存中：结束时仍在队列里的任务，由巡检重新找出。

命令行：

  curl -H "Authorization: Bearer %[10]s" -H "Content-Type: application/json" \
    -d '{"cause":"changed"}' http://%[4]s/v1/orders/1001/push

PHP（composer require ordersync/client）：

  $client = new OrderSync\Client('http://%[4]s', '%[10]s');
  $client->push(1001, ['cause' => 'changed']);

Go（github.com/ordersync/ordersync/tasks/client）：

  c, err := client.New(client.Config{URL: "http://%[4]s", Token: "%[10]s"})
  queued, err := c.Push(ctx, "1001", client.Push{Cause: "changed"})
`,
	`Callbacks for your own handler (--forward URL; now: %[1]s): ecpay's are signed with the token %[2]q,
trade's with the key at http://%[3]s/_sim/trade/platform_key
`: `自己的回调处理程序（--forward 网址；当前：%[1]s）：担保支付的回调用 token %[2]q 签名，
通用交易系统的回调用 http://%[3]s/_sim/trade/platform_key 上的公钥验证
`,
	"want the address of a handler, such as http://127.0.0.1:8000/dy_notify, found %q": "应为处理程序的网址，例如 http://127.0.0.1:8000/dy_notify，实际为 %q",
	"the state of the last time":                                                    "沿用上次的状态",
	"a new shop, with an order of every kind":                                       "新建的商城，各种订单都有",
	"An order comes every few seconds (--traffic=off: none), and a few calls fail.": "每隔几秒来一个订单（--traffic=off：没有），少量调用会失败。",
	"No order comes by itself, and a few calls fail.":                               "不会自动产生订单，少量调用会失败。",
	"\nThe end. The state is kept in %s.":                                           "\n已结束。状态保存在 %s。",
	"%s: %s is taken: end the program that listens there (another ordersync dev?), or name another first port with --addr": "%s：%s 已被占用：请结束占用该端口的程序（是否另有一个 ordersync dev？），或用 --addr 指定其他起始端口",
	"gateway":          "网关",
	"operators' pages": "运维页面",
	"Douyin's side":    "抖音一侧",
	"port %q: want a number from 1 to %d, with three free ones behind it": "端口 %q：应为 1 到 %d 之间的数，且其后三个端口空闲",
	"sample orders: %v": "示例订单：%v",
	"%s is in use: end the ordersync dev that runs on it, or name another folder with --dir": "%s 正在使用中：请结束在该目录上运行的 ordersync dev，或用 --dir 指定其他目录",
	"%s lacks the token, the password or the keys; remove the folder to begin anew":          "%s 缺少令牌、口令或密钥；删除该目录即可从头开始",
	"%s does not parse: %v; remove the folder to begin anew":                                 "%s 无法解析：%v；删除该目录即可从头开始",
	"%s is of an earlier build; remove the folder to begin anew":                             "%s 属于更早的版本；删除该目录即可从头开始",
	"%s: %v; remove the folder to begin anew":                                                "%s：%v；删除该目录即可从头开始",

	// The load test.
	"%d orders a round, %d handlers (ordersync: and %d more orders in hand), %d fetch loops, %d rounds in turn; MariaDB/MySQL, Redis, simulator and worker on this machine\n": "每轮 %d 个订单，%d 个 handler（ordersync 另有 %d 个在手订单），%d 个取任务循环，轮流 %d 轮；MariaDB/MySQL、Redis、模拟器与 worker 均在本机\n",
	"worker":                               "worker",
	"orders/s (median)":                    "单/秒（中位数）",
	"lowest":                               "最低",
	"highest":                              "最高",
	"pipeline is":                          "ordersync 与之相比",
	"processors busy":                      "处理器占用",
	"asynq, handler does nothing":          "asynq，handler 不做任何事",
	"asynq and the HTTP call, no database": "asynq 加 HTTP 调用，不用数据库",
	"straightforward: 4 GORM reads, call, insert": "朴素写法：4 次 GORM 读取、调用、插入",
	"ordersync, durable records included":         "ordersync，含持久化记录",
	"%.2f of it":                                  "%.2f 倍",
	"Douyin answers after %v: %.0f orders/s with %s of the processors busy":                          "抖音 %v 后应答：%.0f 单/秒，处理器占用 %s",
	"  %.2f of the %.0f that %d handlers could make in no time of their own":                         "  为 %[3]d 个 handler 自身不耗时所能达到的 %[2].0f 单/秒的 %[1].2f 倍",
	"  %.2f of what is less: those, or the %.0f that the processors could make if they never waited": "  为上者与处理器从不空闲所能达到的 %[2].0f 单/秒之中较小者的 %[1].2f 倍",
	"ordersync with %d handlers":                                                                                       "有 %d 个 handler 的 ordersync",
	"  %.2f of the %.0f that the processors allow to %s (%s busy)":                                                     "  为处理器允许%[3]s达到的 %[2].0f 单/秒的 %[1].2f 倍（占用 %[4]s）",
	"worker process, most resident memory so far: %.1f MiB; %d processors\n":                                           "worker 进程至今的常驻内存峰值：%.1f MiB；%d 个处理器\n",
	"steady %.0f orders/s (half the maximum), %d orders, from enqueue to Douyin's answer: p50 %v, p99 %v, most %v":     "稳定在 %.0f 单/秒（峰值的一半），%d 个订单，从入队到抖音应答：p50 %v，p99 %v，最长 %v",
	"redis.uri: the database holds %d keys: name an empty one (redis://host:6379/9), it is flushed between the rounds": "redis.uri：该 database 中有 %d 个键：请指定空的 database（redis://host:6379/9），各轮之间会清空",
	"mysql.dsn: is not a DSN of go-sql-driver/mysql":                                                                   "mysql.dsn：不是 go-sql-driver/mysql 的 DSN",
	"mysql.dsn: the user must be allowed to create database %s: %v":                                                    "mysql.dsn：该账号须有权创建数据库 %s：%v",
	"child %s: %v":            "子进程 %s：%v",
	"no result: %v":           "没有结果：%v",
	"no order was pushed":     "没有推送任何订单",
	"loadtest child: job: %v": "loadtest 子进程：任务：%v",
	"loadtest child: stopped after %d of %d orders": "loadtest 子进程：完成 %d 个后停止，共 %d 个订单",
	"want --orders of at least 100, --handlers, --servers and --rounds of at least 1, --prefetch of at least 0, --steady of at least 1s": "--orders 至少为 100，--handlers、--servers、--rounds 至少为 1，--prefetch 至少为 0，--steady 至少为 1s",
	"One process of the load test": "压测的一个进程",

	// Flags and help.
	"Runs a sample shop, an embedded Redis and database, Douyin's stand-in, gateway, workers and scheduler in this process.\nExits 0 only when every order arrived at Douyin with its right state. Leaves nothing behind.": "在本进程中运行示例商城、内嵌的 Redis 与数据库、抖音模拟器、网关、worker 和调度器。\n仅当每个订单都以正确的状态送达抖音时退出码才为 0。不留下任何东西。",
	"how many orders travel":                                           "订单数量",
	"how Douyin and the network behave: off, some or storm":            "抖音与网络的故障档位：off、some 或 storm",
	"keep running, with the operators' pages, and print where to look": "保持运行并提供运维页面，打印访问地址",
	"--orders: want 1 to 100000, found %d":                             "--orders：应为 1 到 100000，实际为 %d",
	"--faults: want off, some or storm, found %q":                      "--faults：应为 off、some 或 storm，实际为 %q",
	"Needs mysql.dsn of a user who may create a database (it makes one of its own and drops it) and redis.uri of an empty Redis\ndatabase (it is flushed between the rounds). `bash .ci/loadtest` starts private servers for it.": "mysql.dsn 的账号须有权创建数据库（压测自建一个库，结束后删除），redis.uri 须指向空的 Redis database\n（各轮之间会清空）。`bash .ci/loadtest` 会为它启动私有的服务器。",
	"orders in each round": "每轮订单数",
	"calls at Douyin at once: ordersync's worker.concurrency, a yardstick's handlers": "同时进行的抖音调用数：ordersync 的 worker.concurrency，对照组的 handler 数",
	"worker.prefetch of ordersync":                 "ordersync 的 worker.prefetch",
	"rounds; a ratio is the median of the rounds'": "轮数；比值取各轮的中位数",
	"how long the steady rate is kept":             "稳定速率持续的时长",
	"Serves Douyin's paths, of ecpay and of trade (通用交易系统), and its own under /_sim/ (ledger, stats, faults, reset, revoke, pay)\nand /_sim/trade/ (request_order, pay, cancel, ask_refund, ask_again, settle, ledger, violations, platform_key, app_key).\nTrade needs the app's public key, by --trade-app-key or /_sim/trade/app_key; until then requestOrder refuses every signature.\nApp id, secret, salt, callback token and notify_url are those of the configuration. An empty app id or secret takes any;\nsigned requests are refused unless the salt is the caller's: give both the same --config.": "提供担保支付（ecpay）与通用交易系统（trade）的抖音接口，以及模拟器自己的 /_sim/（ledger、stats、faults、reset、revoke、pay）\n和 /_sim/trade/（request_order、pay、cancel、ask_refund、ask_again、settle、ledger、violations、platform_key、app_key）。\n通用交易系统需要应用公钥，由 --trade-app-key 或 /_sim/trade/app_key 提供；在此之前 requestOrder 拒绝所有签名。\nApp ID、secret、SALT、回调 token 与 notify_url 取自配置。App ID 或 secret 为空则接受任意值；\nSALT 与调用方不同则拒绝已签名的请求：两者应使用同一个 --config。",
	"where to listen":                                                                                     "监听地址",
	"off, some, storm or a plan in JSON":                                                                  "off、some、storm，或 JSON 格式的故障编排",
	"keep each order's state and counts only, no history":                                                 "只保留每个订单的状态与计数，不保留历史",
	"refuse pushes of orders that create_order has not made (40022)":                                      "拒绝推送未经 create_order 创建的订单（40022）",
	"stretches Douyin's pauses between deliveries, and trade's 72 hours for an audit":                     "按倍数缩放抖音重发回调的间隔，以及通用交易系统 72 小时的退款审核时限",
	"file with the app's public key (PEM), which verifies byteAuthorization":                              "应用公钥文件（PEM），用于验证 byteAuthorization",
	"the key_version that goes with it (empty: any)":                                                      "与之对应的 key_version（空：任意）",
	"file with the platform's private key (PEM), which signs callbacks (empty: one is made at the start)": "平台私钥文件（PEM），用于签名回调（空：启动时生成）",
	"how long a buyer's refund waits before Douyin agrees (0: 72 h, scaled)":                              "用户发起的退款等待多久后由抖音自动同意（0：72 小时，按倍数缩放）",
	"how long after the payment or fulfilment an order can be settled":                                    "支付或履约后多久可以分账",
	"settle orders by itself, and refuse settle_create (23117)":                                           "自动分账，并拒绝 settle_create（23117）",
	"--redelivery-scale: want more than 0":                                                                "--redelivery-scale：应大于 0",
	"simulator: %v":                                                                                       "模拟器：%v",
}
