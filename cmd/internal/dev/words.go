package dev

import (
	"fmt"
	"strings"

	"github.com/ordersync/ordersync/douyin/simulator"
)

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

// Word is a word of Douyin's interface. A Chinese reader gets its meaning with it.
func (w words) Word(word any) string {
	text := fmt.Sprint(word)
	if zh := meanings[text]; zh != "" && w.chinese {
		return zh + " " + text
	}
	return text
}

// Weather says what is broken.
func (w words) Weather(name string) string {
	if w.chinese {
		return weatherWords[name].zh
	}
	return weatherWords[name].en
}

// did is what a button has done, as pressButton says it: the button's name and a number.
func (w words) did(said string) string {
	name, number, _ := strings.Cut(said, " ")
	if zh := buttonWords[name]; zh != "" && w.chinese {
		name = zh
	}
	return strings.TrimSpace(name + " " + number)
}

// why is the reason that the stand-in or the gateway gave why a button did nothing.
func (w words) why(text string) string {
	if w.chinese {
		for en, zh := range reasons {
			if rest, is := strings.CutPrefix(text, en); is {
				return zh + rest
			}
		}
	}
	return text
}

var meanings = map[string]string{
	"PROCESSING": "处理中", "PROCESS": "待付款", "SUCCESS": "成功", "FAIL": "失败", "TIMEOUT": "超时关闭",
	"INIT": "尚未通知店铺", "TOAUDIT": "待审核", "AGREE": "已同意", "DENY": "已拒绝", "OVERTIME": "超时自动同意",
	"payment": "付款", "refund": "退款", "settle": "分账",
}

// weatherWords has every one of weathers.
var weatherWords = map[string]struct{ en, zh string }{
	"calm":      {"calm: a few faults, as on every day", "平静：只有日常的少量故障"},
	"off":       {"no fault at all", "完全无故障"},
	"5xx":       {"every call is answered with 5xx", "所有调用返回 5xx"},
	"cut":       {"connections are cut", "连接被切断"},
	"slow":      {"every answer takes 1.5 s", "每次应答要 1.5 秒"},
	"storm":     {"a storm of all faults", "风暴：各种故障一起来"},
	"deny_next": {"calm, and the next refund fails in the end", "平静，但下一笔退款最终失败"},
}

// buttonWords has every one of actions and weathers.
var buttonWords = map[string]string{
	"pay": "付款", "cancel": "取消", "ask": "申请退款", "ask_audit": "申请退款（需审核）", "settle": "分账", "agree": "店铺同意", "deny": "店铺拒绝",
	"ask_again": "再问一次店铺", "revoke": "作废所有令牌", "hold": "扣住回调", "release": "放行回调",
	"calm": "恢复平静", "off": "完全无故障", "5xx": "所有调用返回 5xx", "cut": "连接被切断", "slow": "变慢", "storm": "风暴", "deny_next": "下一笔退款最终失败",
}

// reasons are what errors begin with that a press of a button meets every day.
var reasons = map[string]string{
	simulator.ErrNoPayment.Error(): "没有这笔订单：create_order 未创建过", simulator.ErrNoOrder.Error(): "没有这笔订单：requestOrder 未创建过",
	simulator.ErrPaid.Error(): "订单已付款", simulator.ErrTimedOut.Error(): "订单的支付时间已过", simulator.ErrNotPending.Error(): "订单已付款或已关闭",
	simulator.ErrAsked.Error(): "不能申请这样的退款", simulator.ErrNoAsked.Error(): "没有申请过这笔退款", simulator.ErrNotSettled.Error(): "订单现在不能分账",
	"client: no refund has this number":                                             "没有这个单号的退款",
	"client: another word on this refund was said before, and the first one counts": "这笔退款已有另一个意见，以第一次的为准",
}

var inChinese = map[string]string{ //nolint:gosec // words are no credentials
	"Douyin's side": "抖音一侧", "This is the stand-in for Douyin, for trying out. Nothing here reaches the real one.": "这里是用来试的抖音替身，什么都不会到真的抖音去。",
	"Orders": "订单", "Order": "订单", "Payment system": "支付系统", "Payment": "支付", "Order centre holds": "订单中心所存", "Yuan": "金额（元）", "Refunded": "已退", "Settled": "已分账",
	"Buttons": "操作", "refused": "被拒",
	"In ecpay a buyer asks the shop for the money, not Douyin: such a refund begins with the API.": "担保支付里买家向店铺而不是向抖音要求退款：这样的退款从 API 发起。",
	"Operators' pages": "运维页面", "In a moment": "请稍候", "This page comes by itself. Being prepared:": "页面会自己出现。正在准备：",
	preparesKeys: "密钥、token 和密码", preparesShop: "商城的数据库", preparesParts: "Redis、gateway、worker 和 scheduler",
	"Pay": "付款", "Cancel": "取消", "Ask for a refund": "申请退款", "Ask for a refund, with an audit": "申请退款（需审核）",
	"Settle": "分账", "more orders are not shown": "单未显示", "Search by number": "按单号查找", "Search": "查找",
	"Refunds in the general trade system": "通用交易系统的退款", "Refund": "退款", "State": "状态", "Audit": "审核", "Deadline": "截止时间", "Shop agrees": "店铺同意",
	"Shop denies": "店铺拒绝", "Ask the shop again": "再问一次店铺",
	"Break things": "制造故障", "Now:": "现在：", "Back to calm": "恢复平静", "No fault at all": "完全无故障", "Every call is answered with 5xx": "所有调用返回 5xx",
	"Connections are cut": "连接被切断", "Slow": "变慢", "Storm": "风暴", "The next refund fails in the end": "下一笔退款最终失败", "Revoke all tokens": "作废所有令牌",
	"Hold callbacks back": "扣住回调", "Let callbacks through": "放行回调", "callbacks are held back": "回调被扣住",
	"Ledger": "账本", "Time": "时间", "What": "事项", "Number": "编号", "Went wrong": "出错", "Nothing went wrong: no money moved twice, no answer differed.": "一切正常：没有资金动两次，没有前后不一的答复。",
	"As JSON": "JSON 格式", "of pushes": "推送", "of trade": "交易系统", "No order yet.": "还没有订单。", "No refund yet.": "还没有退款。", "Nothing has moved yet.": "还没有资金变动。",
}
