package pages

import (
	"cmp"
	"strings"

	"github.com/ordersync/ordersync/store/cell"
	"github.com/ordersync/ordersync/worker"
)

// phrase is a text in both languages.
type phrase struct{ en, zh string }

func (l lang) say(p phrase) string {
	if l.chinese {
		return p.zh
	}
	return p.en
}

// meaning is what a failure or an alarm means to an operator, and what to do about it.
type meaning struct{ title, what, do phrase }

// Meaning is a meaning in the reader's language.
type Meaning struct{ Title, What, Do string }

func (l lang) meaning(m meaning) Meaning { return Meaning{l.say(m.title), l.say(m.what), l.say(m.do)} }

// cause is a kind of failure (douyin.Kind's word, or one of the worker's) with Douyin's code.
type cause struct {
	kind string // empty: any
	code int    // 0: any
}

// failureMeaning finds the closest: kind and number, the number, the kind.
func (l lang) failureMeaning(kind string, code int) Meaning {
	for _, c := range []cause{{kind, code}, {"", code}, {kind, 0}} {
		if m, ok := failureMeanings[c]; ok && c != (cause{}) {
			return l.meaning(m)
		}
	}
	return l.meaning(unknownFailure)
}

// heldMeaning is why Douyin refuses the configuration.
func (l lang) heldMeaning(code int) Meaning {
	if m, ok := failureMeanings[cause{"", code}]; ok && code != 0 {
		return l.meaning(m)
	}
	return l.meaning(fixSigning)
}

func (l lang) alarmMeaning(alarm string) Meaning {
	if m, ok := alarmMeanings[alarm]; ok {
		return l.meaning(m)
	}
	return l.meaning(unknownFailure)
}

// recorded is a text that was recorded in English, in the reader's language where it names a cell of the shop's, or what Douyin keeps.
func (l lang) recorded(text string) string {
	if !l.chinese {
		return text
	}
	if refused, ok := cell.Parse(text); ok {
		return refused.Chinese()
	}
	if status, told := strings.CutPrefix(text, worker.KeptTold); told {
		return keptChinese + "；履约状态为 " + status
	}
	return cmp.Or(keptWords[text], text)
}

const keptChinese = "该订单由抖音自行维护（通用交易系统），无需推送"

// keptWords is the Chinese for what is said of an order of trade.
var keptWords = map[string]string{
	worker.KeptAlone:   keptChinese,
	worker.KeptUnpaid:  keptChinese + "；未上报履约，因为尚不知其已支付",
	worker.KeptUnknown: keptChinese + "；未上报履约，因为抖音没有它的支付",
	worker.KeptOther:   keptChinese + "；未上报履约，因为该单号的支付属于担保支付",
}

var unknownFailure = meaning{
	phrase{"A failure without a known meaning", "含义未知的失败"},
	phrase{"Neither Douyin's documents nor ordersync tell what this means.", "抖音文档和 ordersync 都没有说明它的含义。"},
	phrase{"Open one of the orders and read the request and the answer; Douyin's support asks for the log id.", "打开其中一个订单查看请求与应答；联系抖音技术支持时请提供 log id。"},
}
