package gateway

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
)

type fakeTradePayments struct {
	asked   TradePaymentRequest
	queried []string
	err     error
}

func (p *fakeTradePayments) SignPayment(_ context.Context, r TradePaymentRequest) (SignedPayment, error) {
	p.asked = r
	return SignedPayment{Data: `{"a":"<&>"}`, ByteAuthorization: "SHA256-RSA2048 appid=tt1"}, p.err
}

func (p *fakeTradePayments) TradePayment(_ context.Context, no string) (TradePaymentStatus, error) {
	p.queried = append(p.queried, no)
	paid := time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC)
	return TradePaymentStatus{
		System: "trade", OutOrderNo: no, OrderID: "motb1", PayStatus: "SUCCESS", TotalAmount: 990, DiscountAmount: 10,
		Items: []TradePaymentItem{{"motb3", "7", 990}}, PayChannel: "10", PaidAt: &paid,
	}, p.err
}

// withSystems has the numbers E1 and T1, one of each system, and makes new payments in one.
func withSystems(makes string, e *fakePayments, tr *fakeTradePayments) func(*Config, *Parts) {
	return func(_ *Config, parts *Parts) {
		if e != nil {
			parts.Payments = e
		}
		if tr != nil {
			parts.TradePayments = tr
		}
		parts.PaymentSystem = func(_ context.Context, no string) (string, bool, error) {
			known := map[string]string{"E1": "ecpay", "T1": "trade"}
			if no == "down" {
				return "", false, errDown
			}
			if system := known[no]; system != "" {
				return system, true, nil
			}
			return makes, false, nil
		}
	}
}

const tradePayment = `{"out_order_no":"NO","total_amount":990,"subject":"课程","image":"https://shop.example/1.png"}`

func body(text, no string) string { return strings.Replace(text, `"NO"`, `"`+no+`"`, 1) }

func TestAPaymentOfTradeIsSigned(t *testing.T) {
	t.Parallel()
	p := &fakeTradePayments{}
	f := setUp(t, withSystems("trade", nil, p))
	wantJSON(t, f.ask("POST", "/v1/payments", body(tradePayment, "N1")), http.StatusOK,
		`{"system":"trade","data":"{\"a\":\"\u003c\u0026\u003e\"}","byteAuthorization":"SHA256-RSA2048 appid=tt1"}`)
	f.ask("POST", "/v1/payments", `{"out_order_no":"N2","total_amount":6,"subject":"s","image":"https://shop.example/1.png","valid_time":600,"sku_id":"k","quantity":2,"price":3,
		"goods_type":301,"tag_group_id":"tag_group_1","sku_attr":"{}","currency":"CNY","order_page":{"path":"pages/a","params":"{}"},"sku_page":{"path":"pages/b"},
		"merchant_uid":"m","hide_pay_ways":[1],"pay_scene":"IM","promotion_id":"p","notify_url":"https://shop.example/"}`)
	quantity, price := 2, int64(3)
	if want := (TradePaymentRequest{OutOrderNo: "N2", TotalAmount: 6, Subject: "s", Image: "https://shop.example/1.png", ValidTime: 600, SkuID: "k", Quantity: &quantity, Price: &price,
		GoodsType: 301, TagGroupID: "tag_group_1", SkuAttr: "{}", Currency: "CNY", OrderPage: &TradePage{"pages/a", "{}"}, SkuPage: &TradePage{Path: "pages/b"},
		MerchantUID: "m", HidePayWays: []int{1}, PayScene: "IM", PromotionID: "p", NotifyURL: "https://shop.example/"}); !reflect.DeepEqual(p.asked, want) {
		t.Errorf("asked for %+v", p.asked)
	}
	wantJSON(t, f.ask("GET", "/v1/payments/N1", ""), http.StatusOK, `{"system":"trade","out_order_no":"N1","order_id":"motb1","pay_status":"SUCCESS","total_amount":990,`+
		`"discount_amount":10,"items":[{"item_order_id":"motb3","sku_id":"7","item_order_amount":990}],"pay_channel":"10","paid_at":"2026-11-23T04:05:06Z"}`)
	wantProblem(t, f.ask("POST", "/v1/payments", strings.Replace(tradePayment, "990", "9.90", 1)), http.StatusBadRequest, "total_amount")
	for status, err := range map[int]error{409: ErrConflict, 422: &tasks.PayloadError{Field: "image", Reason: "is missing"}, 501: ErrNotSetUp, 503: errDown} {
		p.err = err
		field := ""
		if status == 422 {
			field = "image"
		}
		wantProblem(t, f.ask("POST", "/v1/payments", body(tradePayment, "N1")), status, field)
	}
}

func TestANumberStaysInItsSystem(t *testing.T) {
	t.Parallel()
	ecpayBody := strings.Replace(createBody, `"T1"`, `"NO"`, 1)
	for name, c := range map[string]struct {
		makes, body string
		status      int
		field       string
		asked       string // the system that was asked
	}{
		"new, of trade":                       {"trade", body(tradePayment, "N1"), 200, "", "trade"},
		"new, of ecpay":                       {"ecpay", body(ecpayBody, "N1"), 200, "", "ecpay"},
		"new, a field of trade":               {"ecpay", body(tradePayment, "N1"), 400, "image", ""},
		"new, a field of ecpay":               {"trade", body(ecpayBody, "N1"), 400, "body", ""},
		"new, a field of neither":             {"trade", `{"out_order_no":"N1","salt":"x"}`, 400, "salt", ""},
		"of trade, and ecpay makes new ones":  {"ecpay", body(tradePayment, "T1"), 200, "", "trade"},
		"of trade, asked for in ecpay":        {"ecpay", body(ecpayBody, "T1"), 409, "", ""},
		"of ecpay, and trade makes new ones":  {"trade", body(ecpayBody, "E1"), 200, "", "ecpay"},
		"of ecpay, asked for in trade":        {"trade", body(tradePayment, "E1"), 409, "", ""},
		"of ecpay, with a field of neither":   {"trade", `{"out_order_no":"E1","salt":"x"}`, 400, "salt", ""},
		"the database is away":                {"trade", body(tradePayment, "down"), 503, "", ""},
		"a number that is none":               {"trade", `{"out_order_no":7}`, 400, "out_order_no", ""},
		"a field twice, of which one is read": {"trade", `{"out_order_no":"T1","out_order_no":"E1"}`, 400, "out_order_no", ""},
	} {
		e, tr := &fakePayments{}, &fakeTradePayments{}
		f := setUp(t, withSystems(c.makes, e, tr))
		w := f.ask("POST", "/v1/payments", c.body)
		asked := ""
		if e.asked.OutOrderNo != "" {
			asked = "ecpay"
		}
		if tr.asked.OutOrderNo != "" {
			asked += "trade"
		}
		if asked != c.asked {
			t.Errorf("%s: asked %q", name, asked)
		}
		if c.status == http.StatusOK {
			if w.Code != http.StatusOK {
				t.Errorf("%s: HTTP %d %s", name, w.Code, w.Body)
			}
			continue
		}
		p := wantProblem(t, w, c.status, c.field)
		foreign := c.field == "image" || c.field == "body"
		if foreign && (!strings.Contains(p.Detail, "douyin.payments") || p.System != c.makes) || !foreign && p.System != "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// A shop makes payments without us too: then nobody here knows the system.
func TestANumberThatNobodyKnowsIsLookedForInBothSystems(t *testing.T) {
	t.Parallel()
	gone := &douyin.Error{Op: "order.query", Kind: douyin.Rejected, Code: 2000, Message: "支付单不存在", Err: douyin.ErrNotFound}
	for name, c := range map[string]struct {
		makes  string
		e      *fakePayments
		tr     *fakeTradePayments
		no     string
		status int
		system string
	}{
		"of ecpay, and trade makes new ones":       {"trade", &fakePayments{}, &fakeTradePayments{err: gone}, "N1", 200, "ecpay"},
		"of trade, and ecpay makes new ones":       {"ecpay", &fakePayments{err: gone}, &fakeTradePayments{}, "N1", 200, "trade"},
		"of neither":                               {"ecpay", &fakePayments{err: gone}, &fakeTradePayments{err: gone}, "N1", 404, ""},
		"of neither, and one is set up":            {"trade", nil, &fakeTradePayments{err: gone}, "N1", 404, ""},
		"the system of new ones is not set up":     {"ecpay", nil, &fakeTradePayments{}, "N1", 200, "trade"},
		"known, and gone":                          {"ecpay", &fakePayments{}, &fakeTradePayments{err: gone}, "T1", 404, ""},
		"of trade, and the other one has no words": {"trade", &fakePayments{err: errDown}, &fakeTradePayments{}, "N1", 200, "trade"},
		"trade has no words":                       {"trade", &fakePayments{}, &fakeTradePayments{err: errDown}, "N1", 503, ""},
		"the database is away":                     {"trade", &fakePayments{}, &fakeTradePayments{}, "down", 503, ""},
	} {
		f := setUp(t, withSystems(c.makes, c.e, c.tr))
		w := f.ask("GET", "/v1/payments/"+c.no, "")
		if w.Code != c.status || c.system != "" && !strings.HasPrefix(w.Body.String(), `{"system":"`+c.system+`"`) {
			t.Errorf("%s: HTTP %d %s", name, w.Code, w.Body)
		}
	}
}
