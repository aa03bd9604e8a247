package douyin

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestWhatAnswersMean(t *testing.T) {
	cases := []struct {
		name   string
		op     string
		status int
		body   string
		kind   Kind // 0: success
		code   int
		may    bool
		outage bool
	}{
		{"success", OpOrderPush, 200, `{"err_code":0,"err_msg":"","body":""}`, 0, 0, false, false},
		{"success of a signed call", OpTokenFetch, 200, `{"err_no":0,"err_tips":"success"}`, 0, 0, false, false},
		{"system error", OpOrderPush, 200, `{"err_code":-1,"err_msg":"系统错误，请重试"}`, Unavailable, -1, true, true},
		{"token of 2021", OpOrderPush, 200, `{"err_code":40002,"err_msg":"access_token error"}`, Unauthorized, 40002, false, true},
		{"open_id of 2023", OpOrderPush, 200, `{"err_code":40012,"err_msg":"open_id错误"}`, Rejected, 40012, false, false},
		{"open_id of 2024", OpOrderPush, 200, `{"err_code":40031,"err_msg":"open_id错误"}`, Rejected, 40031, false, false},
		{"no payment yet", OpOrderPush, 200, `{"err_code":40022,"err_msg":"担保交易支付订单不存在"}`, Unavailable, 40022, false, false},
		{"business_line", OpOrderPush, 200, `{"err_code":40022,"err_msg":"business_line error"}`, Rejected, 40022, false, false},
		{"order_detail", OpOrderPush, 200, `{"err_code":40099,"err_msg":"order_detail字段格式错误"}`, Rejected, 40099, false, false},
		{"a number nobody knows", OpOrderPush, 200, `{"err_code":49999,"err_msg":"?"}`, Unavailable, 49999, true, false},
		{"busy", OpOrderPush, 200, `{"err_code":1001,"err_msg":"busy"}`, Throttled, 1001, false, false},
		{"bare 400", OpOrderPush, 400, "", Rejected, 0, false, false},
		{"400 with a number", OpOrderPush, 400, `{"err_code":40004,"err_msg":"x"}`, Unauthorized, 40004, false, true},
		{"400 that says 0", OpOrderPush, 400, `{"err_code":0}`, Rejected, 0, false, false},
		{"bare 401", OpOrderPush, 401, "", Unauthorized, 0, false, true},
		{"403 of a firewall", OpOrderPush, 403, "<html>", Unavailable, 0, true, true},
		{"429", OpOrderPush, 429, "slow down", Throttled, 0, false, false},
		{"500", OpOrderPush, 500, `{"err_code":40003,"err_msg":"x"}`, Unavailable, 40003, true, true},
		{"502 page", OpOrderPush, 502, "<html>bad gateway</html>", Unavailable, 0, true, true},
		{"200 page", OpOrderPush, 200, "<html>ok</html>", Unavailable, 0, true, true},
		{"200 and nothing", OpOrderPush, 200, "", Unavailable, 0, true, true},
		{"200 without a number", OpOrderPush, 200, "{}", Unavailable, 0, true, true},
		{"number as text", OpOrderPush, 200, `{"err_code":"0"}`, 0, 0, false, false},
		{"number as text, a refusal", OpOrderPush, 200, `{"err_code":"40012","err_msg":"open_id错误"}`, Rejected, 40012, false, false},
		{"no whole number", OpOrderPush, 200, `{"err_code":0.5}`, Unavailable, 0, true, true},
		{"no number", OpOrderPush, 200, `{"err_code":"","err_no":0}`, Unavailable, 0, true, true},
		{"an object, and the other field", OpRefundCreate, 200, `{"err_no":{},"err_code":0}`, Unavailable, 0, true, true},
		{"the field that is not read is text", OpRefundCreate, 200, `{"err_no":0,"refund_no":"D9","err_code":"0"}`, 0, 0, false, false},
		{"words that are not read are a list", OpOrderPush, 200, `{"err_code":0,"err_tips":[]}`, 0, 0, false, false},
		// The bug: a 0 beside a number that nobody can read counted as pushed.
		{"a 0, and words for the other number", OpOrderPush, 200, `{"err_code":"0","err_msg":null,"err_no":"abc"}`, Unavailable, 0, true, true},
		{"a 0, and an object for the other number", OpOrderPush, 200, `{"err_code":0,"err_no":{"a":1}}`, Unavailable, 0, true, true},
		{"a 0, and the other number is no whole one", OpRefundCreate, 200, `{"err_no":0,"refund_no":"D9","err_code":0.5}`, Unavailable, 0, true, true},
		{"a 0, and the other number is beyond numbers", OpRefundCreate, 200, `{"err_no":0,"err_code":9223372036854775808}`, Unavailable, 0, true, true},
		{"a 0, and true", OpOrderPush, 200, `{"err_code":0,"err_no":true}`, Unavailable, 0, true, true},
		{"a refusal, and words for the other number", OpOrderPush, 200, `{"err_code":40012,"err_msg":"open_id错误","err_no":"abc"}`, Rejected, 40012, false, false},
		{"a 0, and no other number: null", OpOrderPush, 200, `{"err_code":0,"err_no":null}`, 0, 0, false, false},
		{"a 0, and no other number: no text", OpRefundCreate, 200, `{"err_no":0,"refund_no":"D9","err_code":""}`, 0, 0, false, false},
		{"a 0 as text twice", OpOrderPush, 200, `{"err_code":"0","err_no":"0","err_tips":"success"}`, 0, 0, false, false},
		{"words of another type", OpOrderPush, 200, `{"err_code":40012,"err_msg":{"cn":"x"}}`, Rejected, 40012, false, false},
		{"null beside it", OpRefundCreate, 200, `{"err_no":null,"err_code":1000}`, Unavailable, 1000, true, true},
		{"something behind the JSON", OpOrderPush, 200, `{"err_code":0}{"err_code":1}`, Unavailable, 0, true, true},
		{"the gateway's words", OpRefundCreate, 200, `{"err_no":28001003,"err_msg":"access_token无效","log_id":"L"}`, Doubtful, 28001003, false, false},
		{"the gateway's token, invalid", OpOrderPush, 200, `{"err_no":28001003,"err_msg":"access_token无效"}`, Unauthorized, 28001003, false, true},
		{"the gateway's token, expired", OpOrderPush, 200, `{"data":{"error_code":28001008,"description":"access_token过期"},"message":"error"}`, Unauthorized, 28001008, false, true},
		{"the gateway's number as text", OpOrderPush, 200, `{"data":{"error_code":"28001008","description":"access_token过期"}}`, Unauthorized, 28001008, false, true},
		{"the gateway's extra", OpOrderPush, 200, `{"data":{},"extra":{"error_code":28001003,"description":"x"}}`, Unauthorized, 28001003, false, true},
		{"the gateway's 0, and its extra", OpOrderPush, 200, `{"data":{"error_code":0},"extra":{"error_code":28001003,"description":"x"}}`, Unauthorized, 28001003, false, true},
		{"the gateway's 0, and words in its extra", OpOrderPush, 200, `{"data":{"error_code":0},"extra":{"error_code":"abc"}}`, Unavailable, 0, true, true},
		{"data beside a number, in words", OpOrderPush, 200, `{"err_code":0,"data":{"error_code":"abc"}}`, 0, 0, false, false},
		{"data is a list", OpOrderPush, 200, `{"err_code":0,"data":[1]}`, 0, 0, false, false},
		{"data beside a number", OpOrderPush, 200, `{"err_code":0,"data":{"error_code":7,"description":"x"}}`, 0, 0, false, false},
		{"redirect", OpOrderPush, 302, "", Unavailable, 0, true, true},
		{"both fields, a push", OpOrderPush, 200, `{"err_no":0,"err_tips":"success","err_code":40012,"err_msg":"open_id错误"}`, Rejected, 40012, false, false},
		{"both fields, a push that went well", OpOrderPush, 200, `{"err_no":1000,"err_tips":"x","err_code":0,"err_msg":""}`, 0, 0, false, false},
		{"both fields, ecpay", OpRefundCreate, 200, `{"err_code":0,"err_msg":"","err_no":1000,"err_tips":"x"}`, Unavailable, 1000, true, true},
		{"both fields, ecpay that went well", OpRefundCreate, 200, `{"err_code":77,"err_msg":"x","err_no":0,"err_tips":""}`, 0, 0, false, false},
		{"both fields, a token", OpTokenFetch, 200, `{"err_code":0,"err_no":40017,"err_tips":"bad secret"}`, Unauthorized, 40017, false, true},
		{"the other field alone", OpRefundCreate, 200, `{"err_code":1000,"err_msg":"x"}`, Unavailable, 1000, true, true},
		{"app id", OpTokenFetch, 200, `{"err_no":40015,"err_tips":"bad appid"}`, Unauthorized, 40015, false, true},
		{"secret", OpTokenFetch, 200, `{"err_no":40017,"err_tips":"bad secret"}`, Unauthorized, 40017, false, true},
		{"grant type", OpTokenFetch, 200, `{"err_no":40020,"err_tips":"bad grant_type"}`, Unauthorized, 40020, false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := verdict{op: c.op, status: c.status}.judge([]byte(c.body))
			if c.kind == 0 {
				if e != nil {
					t.Fatal(e)
				}
				return
			}
			if e == nil {
				t.Fatal("taken for a success")
			}
			if e.Kind != c.kind || e.Code != c.code || e.MayHave != c.may || e.Outage() != c.outage || e.HTTPStatus != c.status || e.Op != c.op {
				t.Errorf("kind %s code %d may %t outage %t: %v", e.Kind, e.Code, e.MayHave, e.Outage(), e)
			}
			if errors.Is(e, ErrCredentials) != (c.op == OpTokenFetch) {
				t.Errorf("ErrCredentials in %v", e)
			}
		})
	}
}

// Behind the gateway a 0 is believed only where the gateway's own number can be read and is 0, too.
func TestWhatTheGatewaySaysBesideAZero(t *testing.T) {
	for body, want := range map[string]Kind{ // 0: success
		`{"err_no":0,"data":{"order_id":"1"}}`:                                     0,
		`{"err_no":0,"data":{"error_code":0},"extra":{}}`:                          0,
		`{"err_no":0,"data":{"error_code":"0"},"extra":null}`:                      0,
		`{"err_no":0,"data":{"error_code":""}}`:                                    0,
		`{"err_no":0,"data":[{"error_code":"abc"}]}`:                               0, // an answer's own list
		`{"err_no":0,"data":{"error_code":"abc"}}`:                                 Unavailable,
		`{"err_no":0,"data":{},"extra":{"error_code":[28001008]}}`:                 Unavailable,
		`{"err_no":0,"data":{},"extra":{"error_code":1.5}}`:                        Unavailable,
		`{"err_no":0,"data":{"error_code":28001008}}`:                              Doubtful,
		`{"err_no":0,"data":{"error_code":"abc"},"extra":{"error_code":28001008}}`: Doubtful,
		`{"data":{"error_code":0},"extra":{"error_code":"abc"}}`:                   Unavailable,
	} {
		e := verdict{op: OpOrderQuery, status: 200, gateway: true}.judge([]byte(body))
		if e == nil != (want == 0) || e != nil && e.Kind != want {
			t.Errorf("%s: %v, want %s", body, e, want)
		}
	}
}

func TestConfiguredCodesOverruleTheTable(t *testing.T) {
	codes := map[int]Kind{40012: Unavailable, 49999: Rejected}
	for code, body := range map[int]string{40012: `{"err_code":40012}`, 49999: `{"err_code":49999}`} {
		if e := (verdict{op: OpOrderPush, status: 200, codes: codes}).judge([]byte(body)); e.Kind != codes[code] {
			t.Errorf("%d is %s", code, e.Kind)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	cases := map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"-7":                            0,
		"9223372036854775807":           maxRetryAfter,
		"99999999999999999999":          0,
		"soon":                          0,
		"3600":                          30 * time.Second, // perhaps a proxy's: Douyin may be well again in a moment
		"Mon, 23 Nov 2026 08:00:20 GMT": 20 * time.Second,
		"Mon, 23 Nov 2026 09:00:00 GMT": 30 * time.Second,
		"Mon, 23 Nov 2026 07:00:00 GMT": 0,
		"Mon, 23 Nov 2036 07:00:00 GMT": maxRetryAfter,
	}
	for header, want := range cases {
		e := verdict{op: OpOrderPush, status: 429, retryAfter: header, now: now}.judge(nil)
		if e.RetryAfter != want {
			t.Errorf("%q: %s, want %s", header, e.RetryAfter, want)
		}
	}
}

func TestAnswerCodeMindsOnlyTheFieldThatDecides(t *testing.T) {
	for _, c := range []struct {
		path, body string
		code       int
		ok         bool
	}{
		{pathOrderPush, `{"err_code":"40012","err_no":{}}`, 40012, true},
		{pathEcpay + "create_refund", `{"err_no":0,"refund_no":"D9","err_code":"0"}`, 0, true},
		{pathEcpay + "create_refund", `{"err_no":"1001","err_code":[]}`, 1001, true},
		{pathEcpay + "create_refund", `{"err_no":true,"err_code":0}`, 0, false},
	} {
		if code, ok := AnswerCode(c.path, []byte(c.body)); code != c.code || ok != c.ok {
			t.Errorf("%s: %d, %t", c.body, code, ok)
		}
	}
}

func TestDouyinsWordsFitIntoOneLineOfALog(t *testing.T) {
	long := strings.Repeat("错", 200) // 600 bytes: 256 is not a multiple of 3
	e := verdict{op: OpOrderPush, status: 200}.judge([]byte(`{"err_code":40003,"err_msg":"` + long + `"}`))
	if len(e.Message) != 255 || !utf8.ValidString(e.Message) {
		t.Errorf("%d bytes: %q", len(e.Message), e.Message)
	}
	e = verdict{op: OpOrderPush, status: 200}.judge([]byte("{\"err_code\":40003,\"err_msg\":\"a\\nb\\u0000c\xff\"}"))
	if e.Message != "a b c\uFFFD" {
		t.Errorf("%q", e.Message)
	}
	e = verdict{op: OpOrderPush, status: 200}.judge([]byte(`{"err_code":40003,"err_msg":"a\u202eb\u2028c\u009bd"}`))
	if e.Message != "a b c d" {
		t.Errorf("%q", e.Message)
	}
}

// FuzzJudge: any answer is a success or an *Error with a kind, a bounded valid message and the
// status it came with; only a 2xx answer whose number is 0 is a success.
func FuzzJudge(f *testing.F) {
	f.Add(200, "", `{"err_code":0,"err_msg":"","body":""}`)
	f.Add(200, "3", `{"err_no":1001,"err_tips":"busy"}`)
	f.Add(429, "Mon, 23 Nov 2026 08:00:30 GMT", "")
	f.Add(502, "x", "<html>")
	f.Add(math.MinInt, "", "[]")
	f.Fuzz(func(t *testing.T, status int, retryAfter, body string) {
		for _, op := range []string{OpOrderPush, OpTokenFetch, "other"} {
			e := verdict{op: op, status: status, retryAfter: retryAfter, secrets: []string{"secret"}}.judge([]byte(body))
			if e == nil {
				if status < 200 || status > 299 || !strings.Contains(strings.ToLower(body), "err_") && !strings.Contains(body, `\u`) {
					t.Fatalf("HTTP %d %q taken for a success", status, body)
				}
				continue
			}
			if e.Kind < Unavailable || e.Kind > Doubtful || e.Kind == Doubtful && !doubted(op) || e.HTTPStatus != status || e.Op != op {
				t.Fatalf("%+v", e)
			}
			if len(e.Message) > maxMessageBytes || !utf8.ValidString(e.Error()) || strings.Contains(e.Message, "secret") {
				t.Fatalf("message %q", e.Message)
			}
			if e.RetryAfter < 0 || e.RetryAfter > maxRetryAfter || (e.Kind != Throttled && e.RetryAfter != 0) {
				t.Fatalf("RetryAfter %s", e.RetryAfter)
			}
			if status == http.StatusTooManyRequests && e.Kind != Throttled {
				t.Fatalf("429 is %s", e.Kind)
			}
		}
	})
}

func TestTheGatewaysWordsAreKept(t *testing.T) {
	for body, want := range map[string]string{
		`{"err_no":28001003,"err_msg":"access_token无效"}`:                  "access_token无效",
		`{"err_no":2010,"err_tips":"参数错误","err_msg":"other"}`:             "参数错误",
		`{"data":{"error_code":28001008,"description":"access_token过期"}}`: "access_token过期",
		`{"extra":{"error_code":2190008,"description":"access_token过期"}}`: "access_token过期",
		`{"err_code":40012,"err_tips":"open_id错误"}`:                       "open_id错误",
	} {
		if e := (verdict{op: OpRefundQuery, status: 200}).judge([]byte(body)); e == nil || e.Message != want {
			t.Errorf("%s: %v; want the words %q", body, e, want)
		}
	}
}

// The name of an answer stands in one of several places; the nearest one counts.
func TestLogIDOfABody(t *testing.T) {
	for body, want := range map[string]string{
		`{"log_id":"a","extra":{"logid":"b"}}`: "a", `{"log_id":7}`: "7", `{"extra":{"logid":"b"},"data":{"logid":"c"}}`: "b",
		`{"data":{"logid":"c"}}`: "c", `{"data":[1],"extra":"x"}`: "", `{"log_id":null}`: "", `<html>`: "",
	} {
		if got := logIDOf([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
