package simulator

import "net/http"

// Codes of trade_basic. Those that only the industry's twin of a call has published are UNCONFIRMED
// here: 22000 to 22009.
const (
	codeTradeParameter    = 10000
	codeTradeUnreadable   = 10002 // the body cannot be read, or a value is of the wrong type
	codeTradeForeign      = 11001 // another app's data
	codeTradeSignature    = 11004 // tt.requestOrder only
	codeTradeOften        = 12001
	codeTradeSystem       = 13000
	codeTradeUnknown      = 20000 // no such order or refund
	codeTradeState        = 20001 // the state does not allow it
	codeNoCPS             = 20004
	codeRefundUnpaid      = 22000
	codeRefundState       = 22001 // a refund of the item runs, or was made
	codeRefundNothing     = 22002
	codeRefundExists      = 22004
	codeAuditEarly        = 22006
	codeRefundItems       = 22007
	codeRefundTooMuch     = 22008
	codeSettleSystem      = 23000
	codeSettleMissing     = 23001 // of 23001 to 23010, whose single meanings are UNCONFIRMED
	codeSettleTooLong     = 23002
	codeSettleItem        = 23024
	codeSettleForeignItem = 23025
	codeSettleUnknown     = 23101
	codeSettleUnpaid      = 23102
	codeSettleEarly       = 23107
	codeSettleExists      = 23111
	codeSettleNothing     = 23112
	codeSettleNoItem      = 23113
	codeSettleAuto        = 23117
	codeSettleItems       = 23118
)

// tradePath is where the calls of trade_basic stand.
const tradePath = "/api/trade_basic/v1/developer/"

// tradeAnswer is the envelope. Data is left out of answers that have none.
type tradeAnswer struct {
	Data   any    `json:"data,omitempty"`
	ErrNo  int    `json:"err_no"`
	ErrMsg string `json:"err_msg"`
	LogID  string `json:"log_id"`
}

func appendTradeError(b []byte, code int, words string) []byte {
	return appendJSON(b, tradeAnswer{ErrNo: code, ErrMsg: words})
}

// parseTree reads a body of trade. The key of faults is the first of those names that it has.
func parseTree(names ...string) func(*Server, *call) {
	return func(_ *Server, c *call) {
		c.tree, c.bad = tree(c.body)
		for _, name := range names {
			if v := c.tree.find(name); v != nil && v.kind == 's' && v.text != "" {
				c.key = []byte(v.text)
				return
			}
		}
	}
}

// tradeCall is what an operation of trade does once token and fields are found right. app is whose
// token it was; data nil: the answer has none.
type tradeCall func(s *Server, c *call, app string) (data any, r *refusal)

// basic makes an operation of trade_basic. Refusals of settle calls come with HTTP 400, others with
// 200, as was published.
func basic(key []string, rules []fieldRule, do tradeCall) operation {
	return operation{
		parse: parseTree(key...),
		apply: func(s *Server, c *call) int {
			app, r := s.tradeApp(c)
			if r == nil {
				r = judgeTree(c, rules)
			}
			answer := tradeAnswer{ErrMsg: "success", LogID: c.logID}
			if r == nil {
				answer.Data, r = do(s, c, app)
			}
			if r != nil {
				answer = tradeAnswer{ErrNo: r.code, ErrMsg: r.text(), LogID: c.logID}
			}
			c.out = appendJSON(c.out, answer)
			return answer.ErrNo
		},
		fails: appendTradeError,
	}
}

// settling makes a settle call of a basic one: its refusals come with HTTP 400 and its flaws have
// numbers of their own.
func settling(key []string, rules []fieldRule, do tradeCall) operation {
	o := basic(key, nil, func(s *Server, c *call, app string) (any, *refusal) {
		if f := c.tree.obey(rules); f != nil {
			switch f.kind {
			case isMissing:
				return nil, &refusal{codeSettleMissing, "参数缺失", f.text()}
			case tooLong:
				return nil, &refusal{codeSettleTooLong, "参数超长", f.text()}
			default:
				return nil, flawRefusal(f)
			}
		}
		if c.tree.str("app_id") != app {
			return nil, foreign
		}
		return do(s, c, app)
	})
	plain := o.apply
	o.apply = func(s *Server, c *call) int {
		code := plain(s, c)
		if code != 0 {
			c.status = http.StatusBadRequest
		}
		return code
	}
	return o
}

var foreign = &refusal{codeTradeForeign, "无权限操作", ""}

// tradeApp is the app whose token the call carries.
func (s *Server) tradeApp(c *call) (string, *refusal) {
	app, code := s.trade.tokens.owner(c.access, s.cfg.Now())
	switch {
	case code == 0:
		return app, nil
	case s.cfg.Trade.TokenCode != 0:
		code = s.cfg.Trade.TokenCode
	}
	return "", &refusal{code, "access_token无效或已过期", ""}
}

// judgeTree finds the first flaw of a body. Without rules only its form is judged.
func judgeTree(c *call, rules []fieldRule) *refusal {
	if c.bad != nil {
		return &refusal{codeTradeUnreadable, "请求体解析失败", c.bad.Error()}
	}
	if c.tree.kind != 'o' {
		return &refusal{codeTradeUnreadable, "请求体解析失败", "want an object"}
	}
	if rules == nil {
		return nil
	}
	if f := c.tree.obey(rules); f != nil {
		return flawRefusal(f)
	}
	return nil
}

func flawRefusal(f *flaw) *refusal {
	if f.kind == wrongType {
		return &refusal{codeTradeUnreadable, "请求体解析失败", f.text()}
	}
	return &refusal{codeTradeParameter, "参数错误", f.text()}
}
