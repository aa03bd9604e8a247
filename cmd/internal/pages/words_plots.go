package pages

// plotWords are the texts of the plots and of the settings.
var plotWords = map[string]string{ //nolint:gosec // words, no credentials //nolint:gosec // texts, no credentials
	"Applied":                             "应用时间",
	"Calls about refunds and settlements": "退款与分账调用",
	"Configuration of this process":       "本进程的配置",
	"Failures by cause":                   "失败（按原因）",
	"File":                                "文件",
	"How long a push takes to Douyin's answer, in milliseconds": "推送到抖音应答的耗时（毫秒）",
	"Key":        "键",
	"Last day":   "最近一天",
	"Last hour":  "最近一小时",
	"Last week":  "最近一周",
	"Migrations": "数据库迁移",
	"Pushes":     "订单推送",
	"Secrets are not shown. `ordersync config` prints the same.": "不显示密钥。`ordersync config` 输出相同内容。",
	"Settings":                           "设置",
	"Span":                               "时间范围",
	"Success rate of pushes, in percent": "推送成功率（%）",
	"Time zone of the pages":             "页面时区",
	"Value":                              "值",
	"average":                            "平均",
	"failed pushes, %s":                  "推送失败，%s",
	"not applied":                        "未应用",
	"pushed, %s":                         "推送成功，%s",
}
