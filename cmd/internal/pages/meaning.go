package pages

import (
	shell "github.com/ordersync/ordersync/cmd/internal/lang"
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

// recorded is a text that was recorded in English, in the reader's language where the table of package
// lang has it.
func (l lang) recorded(text string) string {
	if !l.chinese {
		return text
	}
	return shell.Chinese.Say(text)
}

var unknownFailure = meaning{
	phrase{"A failure without a known meaning", "含义未知的失败"},
	phrase{"Neither Douyin's documents nor ordersync tell what this means.", "抖音文档和 ordersync 都没有说明它的含义。"},
	phrase{"Open one of the orders and read the request and the answer; Douyin's support asks for the log id.", "打开其中一个订单查看请求与应答；联系抖音技术支持时请提供 log id。"},
}
