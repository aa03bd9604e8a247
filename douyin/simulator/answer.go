package simulator

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Codes of the order push. They are not stable between versions of the document; these are the
// newest that were seen live, and the published ones (COPY-2021-ORDER) where none was. package
// douyin explains the tags.
const (
	codeSystem         = -1    // 系统错误，请重试
	codeToken          = 40002 // access_token error
	codeOpenID         = 40003 // openid missing or not text
	codeTokenExpired   = 40004 // access_token error or expired
	codeOpenIDForeign  = 40012 // an open_id that no phone has made (LIVE-2023-08)
	codeParameter      = 40014 // http 参数错误
	codeAppName        = 40016 // app_name error
	codeNoPayment      = 40022 // 担保交易支付订单不存在 (LIVE-2023-01)
	codeDetail         = 40099 // order_detail字段格式错误 (LIVE-2023-04)
	codeBusy           = 1001  // ecpay's "busy"; UNCONFIRMED for the order push, where no code for it is published
	codeTokenParameter = 1     // UNCONFIRMED: the document names no number for a missing parameter of the token
)

// refusal is an answer with a code. Words are Douyin's, detail is the simulator's and names the
// field.
type refusal struct {
	code          int
	words, detail string
}

func (r *refusal) text() string {
	if r.detail == "" {
		return r.words
	}
	return r.words + ": " + r.detail
}

// fieldError is a value that the documents do not allow, by the field's name. It never holds the
// value.
type fieldError struct {
	field  string
	reason string
}

func (e *fieldError) Error() string {
	if e.field == "" {
		return e.reason
	}
	return e.field + ": " + e.reason
}

func unknownField(key []byte) error {
	const most = 64
	name := string(key)
	if len(name) > most {
		name = "…"
	}
	return &fieldError{reason: fmt.Sprintf("unknown field %q", name)}
}

// pushSuccess is the whole answer to an order push of type 0 that was taken.
const pushSuccess = `{"err_code":0,"err_msg":"success","body":""}`

func appendPushAnswer(b []byte, code int, words string) []byte {
	b = append(b, `{"err_code":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, `,"err_msg":`...)
	b = appendJSON(b, words)
	return append(b, `,"body":""}`...)
}

// appendEcpayError is the envelope of ecpay and of the token.
func appendEcpayError(b []byte, code int, words string) []byte {
	b = append(b, `{"err_no":`...)
	b = strconv.AppendInt(b, int64(code), 10)
	b = append(b, `,"err_tips":`...)
	b = appendJSON(b, words)
	return append(b, '}')
}

// appendJSON appends v, which must be of a type that always marshals.
func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("simulator: %T does not marshal: %v", v, err))
	}
	return append(b, text...)
}
