package simulator

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Every mistake in data is answered as a wrong signature; the reason names the field.
func TestDataIsJudgedByItsFields(t *testing.T) {
	right := orderData("T1")
	in := func(old, with string) string {
		if !strings.Contains(right, old) {
			t.Fatalf("data has no %s", old)
		}
		return strings.Replace(right, old, with, 1)
	}
	long := strings.Repeat("x", 513)
	for _, c := range []struct{ name, data, reason string }{ // reason empty: taken
		{"right", right, ""},
		{"a shop's discount", in(`"totalAmount":1990`, `"totalAmount":1`), ""},
		{"more than the price", in(`"totalAmount":1990`, `"totalAmount":1991`), "totalAmount:"},
		{"a float", in(`"totalAmount":1990`, `"totalAmount":1990.00`), "totalAmount: want an integer"},
		{"an amount as text", in(`"totalAmount":1990`, `"totalAmount":"1990"`), "totalAmount: want an integer"},
		{"nothing", in(`"totalAmount":1990`, `"totalAmount":0`), "totalAmount:"},
		{"no amount", in(`"totalAmount":1990,`, ``), "totalAmount: is missing"},
		{"an unknown field", in(`"totalAmount"`, `"subject":"x","totalAmount"`), `unknown field "subject"`},
		{"a field twice", in(`"totalAmount":1990`, `"totalAmount":1990,"totalAmount":1990`), "data: totalAmount: comes twice"},
		{"no array", in(`[{"skuId"`, `{"0":{"skuId"`), "data:"},
		{"a list of sku as an object", `{"skuList":{},"outOrderNo":"T1","totalAmount":1,"orderEntrySchema":{"path":"p"}}`, "skuList: want an array"},
		{"two sku", strings.Replace(right, `}],"outOrderNo"`, `},{}],"outOrderNo"`, 1), "skuList: 2 entries"},
		{"type as text", in(`"type":401`, `"type":"401"`), "skuList.0.type: want an integer"},
		{"type unknown", in(`"type":401`, `"type":501`), "skuList.0.type:"},
		{"the type as the group", in(`"tag_group_7272625659888041996"`, `"705"`), "skuList.0.tagGroupId:"},
		{"a group of other goods", in(`888041996`, `888058380`), "skuList.0.tagGroupId:"},
		{"a group that nobody published", in(`888041996`, `888041997`), ""},
		{"no picture", in(`["https://cdn.example.com/c1001.png"]`, `[]`), "skuList.0.imageList:"},
		{"an empty picture", in(`["https://cdn.example.com/c1001.png"]`, `[""]`), "skuList.0.imageList.0: is empty"},
		{"two pictures", in(`["https://cdn.example.com/c1001.png"]`, `["a","b"]`), "skuList.0.imageList:"},
		{"a long picture", in(`https://cdn.example.com/c1001.png`, long), "skuList.0.imageList.0:"},
		{"no title", in(`"Go 入门课"`, `""`), "skuList.0.title: is empty"},
		{"a title of 256 bytes", in(`Go 入门课`, strings.Repeat("x", 256)), ""},
		{"a title of 258 bytes", in(`Go 入门课`, strings.Repeat("课", 86)), "skuList.0.title:"},
		{"a hundred", in(`"quantity":1`, `"quantity":100`), ""},
		{"a hundred and one", in(`"quantity":1`, `"quantity":101`), "skuList.0.quantity:"},
		{"none", in(`"quantity":1`, `"quantity":0`), "skuList.0.quantity:"},
		{"a number of 64 bytes", in(`"T1"`, `"`+long[:64]+`"`), ""},
		{"a number of 65 bytes", in(`"T1"`, `"`+long[:65]+`"`), "outOrderNo:"},
		{"48 hours", in(`1800`, `172800`), ""},
		{"more than 48 hours", in(`1800`, `172801`), "payExpireSeconds:"},
		{"a notify address", in(`"totalAmount"`, `"payNotifyUrl":"https://shop.example.com/x","totalAmount"`), ""},
		{"a bad notify address", in(`"totalAmount"`, `"payNotifyUrl":"shop.example.com","totalAmount"`), "payNotifyUrl:"},
		{"a path with a slash first", in(`pages/order/detail`, `/pages/order/detail`), "orderEntrySchema.path:"},
		{"a path with a query", in(`pages/order/detail`, `pages/order/detail?id=1`), "orderEntrySchema.path:"},
		{"a path with a dash", in(`pages/order/detail`, `pages/order-detail`), "orderEntrySchema.path:"},
		{"params as an object", in(`"{\"id\":\"1\"}"`, `{"id":"1"}`), "orderEntrySchema.params: want text"},
		{"params with a name twice", in(`{\"id\":\"1\"}`, `{\"id\":\"1\",\"id\":\"2\"}`), "orderEntrySchema.params:"},
		{"params that are no object", in(`{\"id\":\"1\"}`, `id=1`), "orderEntrySchema.params:"},
		{"empty params", in(`{\"id\":\"1\"}`, ``), "orderEntrySchema.params:"},
		{"yuan", in(`"totalAmount"`, `"currency":"CNY","totalAmount"`), ""},
		{"diamonds", in(`"totalAmount"`, `"currency":"DIAMOND","totalAmount"`), ""},
		{"two for diamonds", strings.Replace(in(`"totalAmount"`, `"currency":"DIAMOND","totalAmount"`), `"quantity":1`, `"quantity":2`, 1), "skuList.0.quantity:"},
		{"dollars", in(`"totalAmount"`, `"currency":"USD","totalAmount"`), "currency:"},
		{"hidden channels", in(`"totalAmount"`, `"limitPayWayList":[1,2],"totalAmount"`), ""},
		{"a hidden channel that is none", in(`"totalAmount"`, `"limitPayWayList":[3],"totalAmount"`), "limitPayWayList.0:"},
		{"telecom without skuAttr", strings.NewReplacer(`"type":401`, `"type":101`, `888041996`, `887943692`).Replace(right), "skuList.0.skuAttr: is missing"},
		{"telecom", strings.NewReplacer(`"type":401`, `"type":101,"skuAttr":"{\"call_duration\":60,\"package_cost\":{\"amount\":1900,\"time_len\":1,\"unit\":\"month\"}}"`, `888041996`, `887943692`).Replace(right), ""},
		{"telecom with a bad unit", strings.NewReplacer(`"type":401`, `"type":101,"skuAttr":"{\"package_cost\":{\"amount\":1900,\"time_len\":1,\"unit\":\"week\"}}"`, `888041996`, `887943692`).Replace(right), "skuList.0.skuAttr: package_cost.unit:"},
		{"no JSON", "x", "data:"},
		{"something behind", right + "{}", "data:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			_, err := w.RequestOrder(c.data, w.authorize(c.data), "")
			var refused *RequestError
			switch errors.As(err, &refused); {
			case c.reason == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.reason != "" && (refused == nil || refused.Words != "签名校验异常" || !strings.HasPrefix(refused.Reason, c.reason)):
				t.Errorf("%v, want 签名校验异常 with %q", err, c.reason)
			}
		})
	}
}

func TestTheSameDataIsTheSameOrder(t *testing.T) {
	w := newWorld(t, nil)
	data := orderData("T1")
	first := w.requested(data)
	w.bell.advance(time.Minute)
	if again := w.requested(data); again != first {
		t.Errorf("orders %s and %s", first, again)
	}
	w.noViolations()
	other := strings.Replace(data, "1990", "1991", 2)
	if _, err := w.RequestOrder(other, w.authorize(other), ""); err == nil {
		t.Error("other data made an order under the same number")
	}
	w.violation(ChangedRequest, "T1")
	if n := len(w.Trade().Orders); n != 1 {
		t.Errorf("%d orders", n)
	}
}
