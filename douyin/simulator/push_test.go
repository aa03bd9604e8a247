package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An example in the shape that Douyin's page describes (ORDER-SYNC). Literal bytes, but for the
// token.
const documentExample = `{
  "access_token": "TOKEN",
  "app_name": "douyin",
  "open_id": "_000...",
  "order_type": 0,
  "order_status": 1,
  "update_time": 1768634595,
  "order_detail": "{\"order_id\":\"T20240101000001\",\"create_time\":1768634594000,\"status\":\"已支付\",\"amount\":2,\"total_price\":1980,\"detail_url\":\"pages/order/detail?id=1\",\"item_list\":[{\"item_code\":\"SKU1\",\"img\":\"https://cdn.example.com/1.jpg\",\"title\":\"标题\",\"sub_title\":\"副标题\",\"amount\":2,\"price\":1980}]}"
}`

func TestTheExampleOfTheDocumentIsAccepted(t *testing.T) {
	s := newSim(t, Config{})
	w := do(s, pushPath, "application/json", strings.Replace(documentExample, "TOKEN", fetch(t, s), 1))
	if got, want := w.Body.String(), `{"err_code":0,"err_msg":"success","body":""}`; got != want {
		t.Fatalf("answer %s, want %s", got, want)
	}
	if w.Header().Get("X-Tt-Logid") == "" {
		t.Error("the answer has no X-Tt-Logid")
	}
	o := mustOrder(t, s, "T20240101000001")
	if !o.Held || o.Status != 1 || o.StatusText != "已支付" || o.UpdateTime != 1768634595 || o.OpenID != "_000..." {
		t.Errorf("held %+v", o)
	}
	if d := o.Detail; d == nil || d.TotalPrice != 1980 || d.CreateTime != 1768634594000 || len(d.Items) != 1 || d.Items[0].Title != "标题" {
		t.Errorf("detail %+v", o.Detail)
	}
}

// What PHP's json_encode makes of the class's arrays: slashes and everything beyond ASCII escaped,
// and escaped again.
func TestTheBodyOfThePHPClassIsAccepted(t *testing.T) {
	s := newSim(t, Config{})
	body := `{"access_token":"` + fetch(t, s) + `","app_name":"douyin","open_id":"_000abc","update_time":1768634595123,"order_detail":"{\"order_id\":\"17\",\"create_time\":1768634594000,\"status\":\"\\u5df2\\u652f\\u4ed8\",\"amount\":1,\"total_price\":7,\"detail_url\":\"pages\\\/course\\\/course\",\"item_list\":[{\"img\":\"https:\\\/\\\/cdn.example.com\\\/1.jpg\",\"title\":\"\\ud83d\\ude00\",\"sub_title\":\"Go\",\"amount\":1,\"price\":7}]}","order_type":0,"order_status":1,"payment_order_no":"SN17"}`
	mustPush(t, s, body)
	o := mustOrder(t, s, "17")
	if o.Detail.Items[0].Title != "😀" || o.Detail.DetailURL != "pages/course/course" || o.PaymentOrderNo != "SN17" {
		t.Errorf("held %+v, detail %+v", o, o.Detail)
	}
}

func TestEveryRefusalHasItsCode(t *testing.T) {
	s := newSim(t, Config{AppID: "tt0123456789abcdef", MaxOrders: 10})
	good := orderPush(fetch(t, s), "1", "已支付", "1768634595123")
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name     string
		old, new string // replaced in a good body
		code     int
		says     string // part of err_msg
	}{
		{"not JSON", `{"access`, `{access`, 40014, "malformed JSON"},
		{"something after the object", `"N7290"}`, `"N7290"}]`, 40014, "something follows"},
		{"an array", `{"access_token`, `[{"access_token`, 40014, "want an object, got an array"},
		{"not UTF-8", `_000abc`, "_000\xff", 40014, "not UTF-8"},
		{"a raw control character", `_000abc`, "_000\n", 40003, "control character"},
		{"half a surrogate pair", `_000abc`, `_000\ud83d`, 40003, "surrogate"},
		{"an unknown field", `"app_name"`, `"app_nam":1,"app_name"`, 40014, `unknown field "app_nam"`},
		{"a name in capitals", `"app_name"`, `"App_Name"`, 40014, `unknown field "App_Name"`},
		{"a field twice", `"app_name"`, `"order_type":0,"app_name"`, 40014, "order_type: comes twice"},
		{"app_name missing", `"app_name":"douyin",`, ``, 40016, "app_name error"},
		{"app_name another", `"douyin"`, `"toutiao"`, 40016, "app_name error"},
		{"app_name a number", `"douyin"`, `1`, 40016, "want text, got a number"},
		{"open_id missing", `"open_id":"_000abc-DEF",`, ``, 40003, "openid error"},
		{"open_id empty", `_000abc-DEF`, ``, 40003, "openid error"},
		{"open_id a number", `"_000abc-DEF"`, `17`, 40003, "want text"},
		{"open_id not of Douyin", `_000abc-DEF`, `用户`, 40012, "open_id"},
		{"open_id with a space", `_000abc-DEF`, `_000 abc`, 40012, "open_id"},
		{"app_id of another app", `"app_name"`, `"app_id":"ttffff","app_name"`, 40014, "app_id"},
		{"extra too long", `"app_name"`, `"extra":"` + long(2048) + `","app_name"`, 40014, "extra: 2048 bytes"},
		{"order_type missing", `"order_type":0,`, ``, 40014, "order_type: is missing"},
		{"order_type of a coupon", `"order_type":0`, `"order_type":9101`, 40014, "order_type"},
		{"order_type text", `"order_type":0`, `"order_type":"0"`, 40014, "order_type: want an integer, got text"},
		{"order_status missing", `,"order_status":1`, ``, 40014, "order_status: is missing"},
		{"order_status text", `"order_status":1`, `"order_status":"1"`, 40014, "order_status: want an integer, got text"},
		{"order_status 3", `"order_status":1`, `"order_status":3`, 40014, "order_status: is not defined"},
		{"order_status 9", `"order_status":1`, `"order_status":9`, 40014, "order_status: is not defined"},
		{"order_status negative", `"order_status":1`, `"order_status":-1`, 40014, "order_status: is not defined"},
		{"order_status and text disagree", `"order_status":1`, `"order_status":6`, 40099, "status: not the text of order_status 6"},
		{"status text unknown", `已支付`, `支付`, 40099, "status"},
		{"update_time missing", `"update_time":1768634595123,`, ``, 40014, "update_time: is missing"},
		{"update_time text", `:1768634595123,`, `:"1768634595123",`, 40014, "update_time: want an integer, got text"},
		{"update_time a float", `:1768634595123,`, `:1768634595123.0,`, 40014, "fraction or exponent"},
		{"update_time of 12 digits", `:1768634595123,`, `:176863459512,`, 40014, "update_time: want 10 digits"},
		{"update_time of 11 digits", `:1768634595123,`, `:17686345951,`, 40014, "update_time: want 10 digits"},
		{"update_time of 14 digits", `:1768634595123,`, `:17686345951231,`, 40014, "update_time: want 10 digits"},
		{"update_time beyond 64 bits", `:1768634595123,`, `:99999999999999999999,`, 40014, "does not fit"},
		{"payment_order_no a number", `"N7290"`, `7290`, 40014, "payment_order_no: want text"},
		{"payment_order_no null", `"N7290"`, `null`, 40014, "payment_order_no: want text, got null"},
		{"access_token missing", `"access_token"`, `"client_key"`, 40002, "access_token error"},
		{"access_token a number", `{"access_token":"`, `{"access_token":1,"open_id":"`, 40002, "want text, got a number"},
		{"access_token unknown", `{"access_token":"`, `{"access_token":"x`, 40002, "access_token error"},

		{"order_detail missing", `"order_detail"`, `"client_key"`, 40014, "order_detail: is missing"},
		{"order_detail an object", `"order_detail":"`, `"order_detail":{},"x":"`, 40099, "want text, got an object"},
		{"order_detail not JSON", `"{\"order_id`, `"{order_id\":\"`, 40099, "malformed JSON"},
		{"order_detail a list", `"{\"order_id`, `"[{\"order_id`, 40099, "want an object, got an array"},
		{"order_detail encoded twice", `"{\"order_id`, `"\"{\"order_id`, 40099, "want an object, got text"},
		{"order_detail with an unknown field", `{\"order_id`, `{\"orderid\":1,\"order_id`, 40099, `unknown field "orderid"`},
		{"order_detail with a field twice", `{\"order_id`, `{\"status\":\"已支付\",\"order_id`, 40099, "status: comes twice"},
		{"order_id missing", `\"order_id\":\"7\",`, ``, 40099, "order_id: is missing"},
		{"order_id a number", `\"order_id\":\"7\"`, `\"order_id\":7`, 40099, "order_id: want text, got a number"},
		{"order_id empty", `\"order_id\":\"7\"`, `\"order_id\":\"\"`, 40099, "order_id: is empty"},
		{"order_id too long", `\"order_id\":\"7\"`, `\"order_id\":\"` + long(65) + `\"`, 40099, "order_id: 65 bytes"},
		{"create_time in seconds", `1768634594000`, `1768634594`, 40099, "create_time: want milliseconds"},
		{"create_time text", `1768634594000`, `\"1768634594000\"`, 40099, "create_time: want an integer"},
		{"amount missing", `\"amount\":1,\"total`, `\"total`, 40099, "amount: is missing"},
		{"amount zero", `\"amount\":1,\"total`, `\"amount\":0,\"total`, 40099, "amount: must be at least 1"},
		{"total_price a float", `\"total_price\":1980`, `\"total_price\":1980.0`, 40099, "total_price: want an integer, got a number with fraction"},
		{"total_price with an exponent", `\"total_price\":1980`, `\"total_price\":1e3`, 40099, "total_price: want an integer"},
		{"total_price text", `\"total_price\":1980`, `\"total_price\":\"1980\"`, 40099, "total_price: want an integer, got text"},
		{"total_price negative", `\"total_price\":1980`, `\"total_price\":-1`, 40099, "total_price: must be at least 0"},
		{"detail_url missing", `\"detail_url\":\"pages/course/course\",`, ``, 40099, "detail_url: is missing"},
		{"detail_url too long", `pages/course/course`, long(1025), 40099, "detail_url: 1025 bytes"},
		{"item_list missing", `,\"item_list\":[{`, `}","client_key":"{[{`, 40099, "item_list: is missing"},
		{"item_list text", `\"item_list\":[{`, `\"item_list\":\"[]\",\"x\":[{`, 40099, "item_list: want an array, got text"},
		{"item_list empty", `\"item_list\":[{`, `\"item_list\":[],\"x\":[{`, 40099, `unknown field "x"`},
		{"item unknown field", `[{\"img`, `[{\"image\":1,\"img`, 40099, `item_list[0]: unknown field "image"`},
		{"img missing", `\"img\":\"https://cdn.example.com/1.jpg\",`, ``, 40099, "item_list[0]: img: is missing"},
		{"img empty", `https://cdn.example.com/1.jpg`, ``, 40099, "item_list[0]: img: is empty"},
		{"img too long", `https://cdn.example.com/1.jpg`, long(513), 40099, "img: 513 bytes"},
		{"img null", `\"https://cdn.example.com/1.jpg\"`, `null`, 40099, "img: want text, got null"},
		{"title too long in bytes", `\"标题\"`, `\"` + strings.Repeat("标", 86) + `\"`, 40099, "title: 258 bytes"},
		{"sub_title too long", `副标题`, long(257), 40099, "sub_title: 257 bytes"},
		{"item price text", `\"price\":1980`, `\"price\":\"1980\"`, 40099, "item_list[0]: price: want an integer, got text"},
		{"item price float", `\"price\":1980`, `\"price\":1980.5`, 40099, "item_list[0]: price: want an integer"},
		{"item price missing", `,\"price\":1980`, ``, 40099, "item_list[0]: price: is missing"},
		{"item amount missing", `\"amount\":1,\"price`, `\"price`, 40099, "item_list[0]: amount: is missing"},
		{"item_code too long", `[{\"img`, `[{\"item_code\":\"` + long(65) + `\",\"img`, 40099, "item_code: 65 bytes"},
		{"item twice the same field", `[{\"img`, `[{\"price\":1,\"img`, 40099, "item_list[0]: price: comes twice"},
		{"item not an object", `[{\"img`, `[1,{\"img`, 40099, "item_list[0]: want an object, got a number"},
		{"second item wrong", `\"price\":1980}]`, `\"price\":1980},{}]`, 40099, "item_list[1]: img: is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := strings.Replace(good, tt.old, tt.new, 1)
			if body == good {
				t.Fatalf("the test changes nothing: %q is not in the body", tt.old)
			}
			code, words := push(t, s, body)
			if code != tt.code || !strings.Contains(words, tt.says) {
				t.Errorf("answer %d %q, want %d with %q", code, words, tt.code, tt.says)
			}
		})
	}
	if o, ok := s.Order("7"); ok && o.Held {
		t.Error("a refused push took effect")
	}
	mustPush(t, s, good)
}

func TestAnEmptyItemListIsRefused(t *testing.T) {
	s := newSim(t, Config{})
	body := orderPush(fetch(t, s), "1", "已支付", "1768634595123")
	from, to := strings.Index(body, `[{`), strings.Index(body, `}]`)+2
	if code, words := push(t, s, body[:from]+"[]"+body[to:]); code != 40099 || !strings.Contains(words, "item_list: is empty") {
		t.Errorf("answer %d %s", code, words)
	}
}

func TestOnlyJSONByPostIsRead(t *testing.T) {
	s := newSim(t, Config{})
	good := orderPush(fetch(t, s), "1", "已支付", "1768634595123")
	for contentType, want := range map[string]string{
		"application/json":                  `"err_code":0`,
		"application/json; charset=utf-8":   `"err_code":0`,
		"application/json;charset=UTF-8":    `"err_code":0`,
		"application/json; charset=gbk":     `"err_code":40014`,
		"application/x-www-form-urlencoded": `"err_code":40014`,
		"text/plain":                        `"err_code":40014`,
		"":                                  `"err_code":40014`,
	} {
		if w := do(s, pushPath, contentType, good); !strings.Contains(w.Body.String(), want) {
			t.Errorf("Content-Type %q: %s, want %s", contentType, w.Body, want)
		}
	}
	r := httptest.NewRequest(http.MethodPut, pushPath, strings.NewReader(good))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"err_code":40014`) {
		t.Errorf("PUT: %s", w.Body)
	}
	if w := do(s, pushPath, "application/json", strings.Repeat(" ", maxBody+2)+good); !strings.Contains(w.Body.String(), "larger than 1 MiB") {
		t.Errorf("a huge body: %s", w.Body)
	}
	if w := do(s, "/api/apps/order/v2/pull", "application/json", good); w.Code != http.StatusNotFound {
		t.Errorf("unknown path: HTTP %d", w.Code)
	}
}

func TestEveryStatusCanBePushedWithItsText(t *testing.T) {
	for _, tt := range []struct{ status, text string }{
		{"0", "待支付"}, {"1", "已支付"}, {"2", "已取消"}, {"2", "已超时"}, {"4", "已核销"}, {"5", "退款中"}, {"6", "已退款"}, {"8", "退款失败"},
	} {
		s := newSim(t, Config{})
		mustPush(t, s, orderPush(fetch(t, s), tt.status, tt.text, "1768634595123"))
		if o := mustOrder(t, s, "7"); o.StatusText != tt.text {
			t.Errorf("status %s: held as %q, want %q", tt.status, o.StatusText, tt.text)
		}
	}
}

func TestTheUnitOfUpdateTimeCanBeFixed(t *testing.T) {
	for _, tt := range []struct {
		unit     Unit
		time     string
		accepted bool
	}{
		{EitherUnit, "1768634595", true}, {EitherUnit, "1768634595123", true},
		{Seconds, "1768634595", true}, {Seconds, "1768634595123", false},
		{Milliseconds, "1768634595", false}, {Milliseconds, "1768634595123", true},
	} {
		s := newSim(t, Config{Unit: tt.unit})
		code, words := push(t, s, orderPush(fetch(t, s), "1", "已支付", tt.time))
		if (code == 0) != tt.accepted {
			t.Errorf("unit %d, update_time %s: %d %s", tt.unit, tt.time, code, words)
		}
	}
}
