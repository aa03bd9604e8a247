package douyin

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// maxRetryAfter bounds what a foreign header may make us wait. Douyin documents no Retry-After; the
// rate adapts anyway, so nobody waits longer than this before he asks again.
const maxRetryAfter = 30 * time.Second

var errNotJSON = errors.New("answer is not Douyin's JSON")

// verdict turns an answer into nil or an *Error. It is the one place that reads an HTTP status.
type verdict struct {
	op         string
	status     int
	retryAfter string // the header
	now        time.Time
	rules      []Rule // nil: those of codes.go
	codes      map[int]Kind
	gateway    bool // the gateway's numbers may stand beside a system's
	secrets    []string
}

// envelope is what all answers share: err_code and err_msg in the order centre, err_no and err_tips
// elsewhere. Douyin's gateway, which stands before both, has err_msg beside err_no (DOUYIN-OPEN), and
// error_code and description inside data or extra. A field may be of any type: a refusal needs a
// number only where it decides, a success wherever one may stand.
type envelope struct {
	ErrCode Cell    `json:"err_code"`
	ErrMsg  Cell    `json:"err_msg"`
	ErrNo   Cell    `json:"err_no"`
	ErrTips Cell    `json:"err_tips"`
	LogID   Cell    `json:"log_id"`
	Data    gateway `json:"data"`
	Extra   gateway `json:"extra"`
}

// gateway is what Douyin's gateway puts into data or extra.
type gateway struct {
	ErrorCode   Cell `json:"error_code"`
	Description Cell `json:"description"`
	LogID       Cell `json:"logid"`
}

// UnmarshalJSON never fails on what the decoder lets through: data is an array or a text in other
// answers.
func (g *gateway) UnmarshalJSON(raw []byte) error {
	type plain gateway
	var p plain
	if raw[0] == '{' && json.Unmarshal(raw, &p) == nil {
		*g = gateway(p)
	}
	return nil
}

// read goes by the field that answers to op have; by the other ones only where that is missing. A
// number may come as text.
func (e envelope) read(op string) (code int, message string, ok bool) {
	number, words := e.ErrNo, e.ErrTips.orElse(e.ErrMsg)
	if e.ErrCode != (Cell{}) && (op == OpOrderPush || number == (Cell{})) {
		number, words = e.ErrCode, e.ErrMsg.orElse(e.ErrTips)
	}
	for _, g := range []gateway{e.Data, e.Extra} {
		if number == (Cell{}) {
			number, words = g.ErrorCode, g.Description.text
		}
	}
	code, err := strconv.Atoi(number.text)
	if !number.plain || err != nil {
		return 0, "", false
	}
	return code, words, true
}

// beside is what an answer says beside its 0: the gateway's refusal, 0 where there is none. ok is
// false where a number stands there that nobody can read. Where the gateway did not answer and a
// system has, data and extra are the system's own.
func (e envelope) beside(gateways bool) (code int, message string, ok bool) {
	numbers := []Cell{e.ErrCode, e.ErrNo}
	if gateways || e.ErrCode == (Cell{}) && e.ErrNo == (Cell{}) {
		for _, g := range []gateway{e.Data, e.Extra} {
			if n, ok := g.ErrorCode.Int(); ok && n != 0 {
				return int(n), g.Description.text, true
			}
			numbers = append(numbers, g.ErrorCode)
		}
	}
	return 0, "", !slices.ContainsFunc(numbers, Cell.unread)
}

// judge decides in this order: 429 and 5xx by status (Douyin's words are kept), then by code and
// words, then by status.
func (v verdict) judge(body []byte) *Error {
	var env envelope
	parsed := json.Unmarshal(body, &env)
	code, message, ok := env.read(v.op)
	if parsed != nil {
		ok = false
	}
	if ok && code == 0 {
		if refusal, words, read := env.beside(v.gateway); refusal != 0 || !read {
			code, message, ok = refusal, words, read
		}
	}
	e := &Error{Op: v.op, HTTPStatus: v.status}
	if ok {
		e.Code = code
		e.Message = clean(string(hide([]byte(message), v.secrets...)), maxMessageBytes)
	}
	switch {
	case v.status == http.StatusTooManyRequests:
		e.Kind = Throttled
	case v.status >= http.StatusInternalServerError:
		e.Kind, e.MayHave = Unavailable, true
	case ok && code != 0:
		r := meaning(v.rules, v.op, code, message, v.codes)
		e.Kind, e.MayHave, e.Err, e.RetryAfter = r.Kind, r.MayHave, r.Cause, r.Wait
	case ok && v.status >= 200 && v.status < 300:
		return nil
	case v.status == http.StatusBadRequest: // a malformed parameter may be answered without JSON (COPY-2021-ORDER)
		e.Kind = Rejected
		if doubted(v.op) { // as likely a proxy's page: Douyin may know better
			e.Kind = Doubtful
		}
	case v.status == http.StatusUnauthorized:
		e.Kind = Unauthorized
	default: // garbage, an empty answer, a redirect, a proxy's page
		e.Kind, e.MayHave, e.Err = Unavailable, true, errNotJSON
	}
	if e.Kind == Throttled {
		e.RetryAfter = max(e.RetryAfter, v.wait())
	}
	return e
}

// logIDOf is the name of an answer where only its body tells it; empty: it tells none.
func logIDOf(body []byte) string {
	var env envelope
	if json.Unmarshal(body, &env) != nil {
		return ""
	}
	return clean(cmp.Or(env.LogID.text, env.Extra.LogID.text, env.Data.LogID.text), maxLogIDBytes)
}

// wait reads Retry-After: seconds or a date (RFC 9110, 10.2.3). Nonsense is 0, and nobody makes us
// wait above maxRetryAfter.
func (v verdict) wait() time.Duration {
	if seconds, err := strconv.ParseInt(v.retryAfter, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(v.retryAfter); err == nil {
		return min(max(at.Sub(v.now), 0), maxRetryAfter)
	}
	return 0
}

// AnswerCode reads Douyin's own code (err_code or err_no) from the body of the answer to a call of
// path; ok is false where there is none. It is for whoever watches exchanges from outside: what a
// number means is in the *Error of the call.
func AnswerCode(path string, body []byte) (code int, ok bool) {
	var env envelope
	if json.Unmarshal(body, &env) != nil {
		return 0, false
	}
	op := ""
	if path == pathOrderPush {
		op = OpOrderPush
	}
	code, _, ok = env.read(op)
	return code, ok
}
