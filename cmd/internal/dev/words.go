package dev

// words is the language of the page.
type words struct{ chinese bool }

// Tag is for <html lang>.
func (w words) Tag() string {
	if w.chinese {
		return "zh-CN"
	}
	return "en"
}

// Chinese tells that the page is Chinese.
func (w words) Chinese() bool { return w.chinese }

// T is a text in the reader's language; the text itself is the English one.
func (w words) T(text string) string {
	if zh, ok := inChinese[text]; ok && w.chinese {
		return zh
	}
	return text
}

var inChinese = map[string]string{
	"Douyin's side": "抖音一侧", "This is the stand-in for Douyin, for trying out. Nothing here reaches the real one.": "这里是用来试的抖音替身，什么都不会到真的抖音去。",
	"Orders": "订单", "Order": "订单", "Payment system": "支付系统", "Payment": "支付", "Order centre holds": "订单中心所存", "Yuan": "金额（元）", "Refunded": "已退", "Settled": "已分账",
	"Buttons": "操作", "Pay": "付款", "Cancel": "取消", "Ask for a refund": "申请退款", "Ask for a refund, with an audit": "申请退款（需审核）",
	"Settle": "分账", "more orders are not shown": "单未显示", "Search by number": "按单号查找", "Search": "查找",
	"Refunds in the general trade system": "通用交易系统的退款", "Refund": "退款", "State": "状态", "Audit": "审核", "Deadline": "截止时间", "Shop agrees": "店铺同意",
	"Shop denies": "店铺拒绝", "Ask the shop again": "再问一次店铺",
	"Break things": "制造故障", "Now:": "现在：", "Back to calm": "恢复平静", "No fault at all": "完全无故障", "Every call is answered with 5xx": "所有调用返回 5xx",
	"Connections are cut": "连接被切断", "Slow": "变慢", "Storm": "风暴", "The next refund fails in the end": "下一笔退款最终失败", "Revoke all tokens": "作废所有令牌",
	"Hold callbacks back": "扣住回调", "Let callbacks through": "放行回调", "callbacks are held back": "回调被扣住",
	"Ledger": "账本", "Time": "时间", "What": "事项", "Number": "编号", "Went wrong": "出错", "Nothing went wrong: no money moved twice, no answer differed.": "一切正常：没有资金动两次，没有前后不一的答复。",
	"As JSON": "JSON 格式", "of pushes": "推送", "of trade": "交易系统", "No order yet.": "还没有订单。", "No refund yet.": "还没有退款。", "Nothing has moved yet.": "还没有资金变动。",
}
