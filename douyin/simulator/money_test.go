package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

const ecpayPath = "/api/apps/ecpay/v1/"

// signed puts the signature into a body that ends with }.
func signed(t testing.TB, s *Server, body string) string {
	t.Helper()
	return strings.TrimSuffix(body, "}") + `,"sign":"` + requestSignature(readForm(t, body), s.cfg.Salt) + `"}`
}

// ecpayCall sends one ecpay call and returns the code, the words and the whole answer.
func ecpayCall(t testing.TB, s *Server, method, body string) (code int, words, answer string) {
	t.Helper()
	w := do(s, ecpayPath+method, "application/json", signed(t, s, body))
	var a struct {
		ErrNo   *int   `json:"err_no"`
		ErrTips string `json:"err_tips"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.ErrNo == nil || w.Code != http.StatusOK {
		t.Fatalf("%s: HTTP %d %s: %v", method, w.Code, w.Body, err)
	}
	return *a.ErrNo, a.ErrTips, w.Body.String()
}

func mustEcpay(t testing.TB, s *Server, method, body string) string {
	t.Helper()
	code, words, answer := ecpayCall(t, s, method, body)
	if code != 0 {
		t.Fatalf("%s %s: %d %s", method, body, code, words)
	}
	return answer
}

const orderBody = `{"app_id":"tt0123456789abcdef","out_order_no":"T7","total_amount":1980,"subject":"课程","body":"课程一门","valid_time":900}`

func refundBody(no string, fen int) string {
	return `{"app_id":"tt0123456789abcdef","out_order_no":"T7","out_refund_no":"` + no + `","reason":"用户取消订单 ` + no + `","refund_amount":` + strconv.Itoa(fen) + `}`
}

func settleBody(no string) string {
	return `{"app_id":"tt0123456789abcdef","out_settle_no":"` + no + `","out_order_no":"T7","settle_desc":"分账"}`
}

func queryRefundBody(no string) string {
	return `{"app_id":"tt0123456789abcdef","out_refund_no":"` + no + `"}`
}

// paidSim has order T7 of 1980 fen, paid.
func paidSim(t testing.TB, cfg Config) *Server {
	t.Helper()
	cfg.Salt, cfg.AppID, cfg.CallbackToken = "your_payment_salt", "tt0123456789abcdef", "cb_token_for_tests"
	if cfg.ResultDelay == 0 {
		cfg.ResultDelay = time.Microsecond
	}
	s := newSim(t, cfg)
	mustEcpay(t, s, "create_order", orderBody)
	if err := s.Pay("T7"); err != nil {
		t.Fatal(err)
	}
	return s
}

// until waits for something that a goroutine of the simulator does. It looks again at every tick
// until the test's own time is over.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick, end := time.NewTicker(time.Millisecond), time.NewTimer(10*time.Second)
	defer tick.Stop()
	defer end.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("never happened: %s", what)
		}
	}
}

func refundOf(s *Server, no string) Refund {
	for _, r := range s.Money().Refunds {
		if r.OutRefundNo == no {
			return r
		}
	}
	return Refund{}
}

func settlementOf(s *Server, no string) Settlement {
	for _, st := range s.Money().Settlements {
		if st.OutSettleNo == no {
			return st
		}
	}
	return Settlement{}
}

func finished(s *Server, no string) func() bool {
	return func() bool { return !refundOf(s, no).FinishedAt.IsZero() || !settlementOf(s, no).FinishedAt.IsZero() }
}

// wantAnomalies compares the kinds, in order.
func wantAnomalies(t testing.TB, s *Server, kinds ...string) {
	t.Helper()
	var got []string
	for _, a := range s.Anomalies() {
		got = append(got, a.Kind)
	}
	if strings.Join(got, " ") != strings.Join(kinds, " ") {
		t.Errorf("anomalies %v, want %v", s.Anomalies(), kinds)
	}
}

func TestEcpayRefusals(t *testing.T) {
	s := paidSim(t, Config{})
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct {
		name, method, body, old, new string
		code                         int
		says                         string
	}{
		{"app", "create_order", orderBody, `tt0123456789abcdef`, `ttffffffffffffffff`, 2020, "app_id"},
		{"app missing", "create_order", orderBody, `"app_id":"tt0123456789abcdef",`, ``, 2020, "app_id"},
		{"unknown field", "create_order", orderBody, `"body"`, `"title":"x","body"`, 2010, `unknown field "title"`},
		{"amount missing", "create_order", orderBody, `"total_amount":1980,`, ``, 2010, "total_amount: is missing"},
		{"amount text", "create_order", orderBody, `1980`, `"1980"`, 2010, "total_amount: want an integer"},
		{"amount float", "create_order", orderBody, `1980`, `1980.0`, 2010, "total_amount: want an integer"},
		{"amount zero", "create_order", orderBody, `1980`, `0`, 2010, "total_amount: want 1 to"},
		{"amount too large", "create_order", orderBody, `1980`, `10000000001`, 2010, "total_amount: want 1 to"},
		{"amount null", "create_order", orderBody, `1980`, `null`, 2010, "total_amount: want an integer"},
		{"number empty", "create_order", orderBody, `T7`, ``, 2102, "out_order_no"},
		{"number too long", "create_order", orderBody, `T7`, long(65), 2102, "out_order_no"},
		{"number with a slash", "create_order", orderBody, `T7`, `T/7`, 2010, "out_order_no: want digits"},
		{"number an integer", "create_order", orderBody, `"T7"`, `7`, 2010, "out_order_no: want text"},
		{"subject too long", "create_order", orderBody, `"课程"`, `"` + long(129) + `"`, 2010, "subject: 129 bytes"},
		{"subject of 43 characters", "create_order", orderBody, `"课程"`, `"` + strings.Repeat("课", 43) + `"`, 2010, "subject"},
		{"valid_time missing", "create_order", orderBody, `,"valid_time":900`, ``, 2010, "valid_time: is missing"},
		{"notify_url relative", "create_order", orderBody, `}`, `,"notify_url":"/notify"}`, 2010, "notify_url: want an absolute URL"},
		{"notify_url too long", "create_order", orderBody, `}`, `,"notify_url":"https://x/` + long(256) + `"}`, 2010, "notify_url: 266 bytes"},
		{"disable_msg text", "create_order", orderBody, `}`, `,"disable_msg":"0"}`, 2010, "disable_msg: want an integer"},
		{"expand_order_info not JSON", "create_order", orderBody, `}`, `,"expand_order_info":"{"}`, 2010, "expand_order_info"},
		{"order unknown", "query_order", `{"app_id":"tt0123456789abcdef","out_order_no":"T7"}`, `T7`, `T8`, 2000, "不存在"},

		{"refund amount zero", "create_refund", refundBody("E1", 0), ``, ``, 2010, "refund_amount: want 1 to"},
		{"refund reason missing", "create_refund", refundBody("E2", 1), `"reason":"用户取消订单 E2",`, ``, 2010, "reason: is missing"},
		{"refund reason too long", "create_refund", refundBody("E3", 1), `用户取消订单`, long(101), 2010, "reason: 104 bytes"},
		{"refund number too long", "create_refund", refundBody(long(65), 1), ``, ``, 2102, "out_refund_no"},
		{"refund of an unknown order", "create_refund", refundBody("E4", 1), `T7`, `T8`, 2000, "不存在"},
		{"refund of too much", "create_refund", refundBody("E5", 1981), ``, ``, 2010, "超过"},
		{"refund unknown", "query_refund", queryRefundBody("E6"), ``, ``, 3101, "不存在"},

		{"settle_params an array", "settle", settleBody("E7"), `}`, `,"settle_params":[]}`, 2010, "an array"},
		{"settle_params with text for an amount", "settle", settleBody("E8"), `}`, `,"settle_params":"[{\"merchant_uid\":\"7\",\"amount\":\"1\"}]"}`, 2010, "settle_params"},
		{"settle_params in capitals", "settle", settleBody("E8"), `}`, `,"settle_params":"[{\"Merchant_uid\":\"7\",\"amount\":1}]"}`, 2010, "settle_params"},
		{"five receivers", "settle", settleBody("E9"), `}`, `,"settle_params":"[` + strings.Repeat(`{\"merchant_uid\":\"7\",\"amount\":1},`, 4) + `{\"merchant_uid\":\"7\",\"amount\":1}]"}`, 2010, "5 receivers"},
		{"receivers get too much", "settle", settleBody("E10"), `}`, `,"settle_params":"[{\"merchant_uid\":\"7\",\"amount\":1981}]"}`, 2010, "可结算金额不足"},
		{"finish a boolean", "settle", settleBody("E11"), `}`, `,"finish":true}`, 2010, `want the text "true" or "false"`},
		{"settle_desc too long", "settle", settleBody("E12"), `分账`, strings.Repeat("分", 81), 2010, "settle_desc: 81 characters"},
		{"settlement unknown", "query_settle", `{"app_id":"tt0123456789abcdef","out_settle_no":"E13"}`, ``, ``, 4408, "不存在"},
		{"unsettle_amount of an unknown order", "unsettle_amount", `{"app_id":"tt0123456789abcdef","out_order_no":"T8"}`, ``, ``, 2000, "不存在"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := tt.body
			if tt.old != "" {
				if body = strings.Replace(tt.body, tt.old, tt.new, 1); body == tt.body {
					t.Fatalf("the test changes nothing: %q is not in the body", tt.old)
				}
			}
			// An array cannot be signed: the body is refused before the signature is looked at.
			send := body
			if !strings.Contains(body, ":[]") {
				send = signed(t, s, body)
			}
			w := do(s, ecpayPath+tt.method, "application/json", send)
			want := `{"err_no":` + strconv.Itoa(tt.code) + `,`
			var a answerBody
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || !strings.HasPrefix(w.Body.String(), want) || !strings.Contains(a.ErrTips, tt.says) {
				t.Errorf("answer %s, want %d with %q", w.Body, tt.code, tt.says)
			}
		})
	}
	if m := s.Money(); len(m.Movements) != 1 {
		t.Errorf("money moved: %+v", m.Movements)
	}
}

func TestAWrongSignatureIsRefused(t *testing.T) {
	s := paidSim(t, Config{})
	good := signed(t, s, refundBody("R1", 100))
	for name, body := range map[string]string{
		"amount changed after signing": strings.Replace(good, ":100", ":101", 1),
		"without a signature":          refundBody("R1", 100),
		"of another salt":              signed(t, newSim(t, Config{Salt: "another"}), refundBody("R1", 100)),
	} {
		if w := do(s, ecpayPath+"create_refund", "application/json", body); !strings.HasPrefix(w.Body.String(), `{"err_no":2008,`) {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	mustEcpay(t, s, "create_refund", refundBody("R1", 100))
}

func TestTheFirstRequestOfAnOrderWins(t *testing.T) {
	s := newSim(t, Config{Salt: "your_payment_salt"})
	first := mustEcpay(t, s, "create_order", orderBody)
	if again := mustEcpay(t, s, "create_order", orderBody); again != first {
		t.Errorf("the same request: %s, then %s", first, again)
	}
	wantAnomalies(t, s)
	if changed := mustEcpay(t, s, "create_order", strings.Replace(orderBody, "1980", "1", 1)); changed != first {
		t.Errorf("another amount: %s, then %s", first, changed)
	}
	if p := s.Money().Payments; len(p) != 1 || p[0].Amount != 1980 {
		t.Errorf("payments %+v", p)
	}
	wantAnomalies(t, s, ChangedRequest)
}

func TestTheLifeOfAPayment(t *testing.T) {
	c := newClock()
	s := newSim(t, Config{Salt: "your_payment_salt", Now: c.Now})
	query := func() string {
		return mustEcpay(t, s, "query_order", `{"app_id":"tt0123456789abcdef","out_order_no":"T7"}`)
	}
	if err := s.Pay("T7"); err != ErrNoPayment { //nolint:errorlint // a plain sentinel
		t.Errorf("Pay before create_order: %v", err)
	}
	mustEcpay(t, s, "create_order", orderBody)
	if got, want := query(), `{"err_no":0,"err_tips":"","out_order_no":"T7","order_id":"7398108028000000001","payment_info":{"total_fee":1980,"order_status":"PROCESSING","pay_time":"","way":0,"channel_no":"","channel_gateway_no":"","seller_uid":"73744242495132490630","item_id":"","cp_extra":""}}`; got != want {
		t.Errorf("unpaid:\n%s\nwant\n%s", got, want)
	}
	if err := s.Pay("T7"); err != nil {
		t.Fatal(err)
	}
	if got, want := query(), `"order_status":"SUCCESS","pay_time":"2026-01-17 15:23:15","way":1,`; !strings.Contains(got, want) {
		t.Errorf("paid: %s, want %s", got, want)
	}
	if err := s.Pay("T7"); err != ErrPaid { //nolint:errorlint // a plain sentinel
		t.Errorf("Pay twice: %v", err)
	}

	mustEcpay(t, s, "create_order", strings.Replace(orderBody, "T7", "T8", 1))
	c.advance(900 * time.Second)
	if err := s.Pay("T8"); err != ErrTimedOut { //nolint:errorlint // a plain sentinel
		t.Errorf("Pay too late: %v", err)
	}
	if got := mustEcpay(t, s, "query_order", `{"app_id":"tt0123456789abcdef","out_order_no":"T8"}`); !strings.Contains(got, `"order_status":"TIMEOUT"`) {
		t.Errorf("timed out: %s", got)
	}
	if m := s.Money().Movements; len(m) != 1 || m[0].Kind != "payment" || m[0].Amount != 1980 {
		t.Errorf("movements %+v", m)
	}
}

func TestAnOrderOfCreateOrderCanBePushedWhenPaymentsAreRequired(t *testing.T) {
	s := newSim(t, Config{RequirePayment: true, Salt: "your_payment_salt"})
	body := orderPush(fetch(t, s), "1", "已支付", "1768634595200")
	if code, _ := push(t, s, body); code != 40022 {
		t.Fatalf("before create_order: %d, want 40022", code)
	}
	mustEcpay(t, s, "create_order", strings.Replace(orderBody, "T7", "7", 1))
	mustPush(t, s, body)
}

func TestAPaidOrderCanBeAdded(t *testing.T) {
	s := newSim(t, Config{Salt: "your_payment_salt"})
	if err := s.AddPaid("T7", 1980, time.Now()); err != nil {
		t.Fatal(err)
	}
	mustEcpay(t, s, "create_refund", refundBody("R1", 1980))
	for _, err := range []error{s.AddPaid("T7", 1, time.Now()), s.AddPaid("", 1, time.Now()), s.AddPaid("T8", 0, time.Now())} {
		if err == nil {
			t.Error("a wrong order was added")
		}
	}
	for _, tt := range []struct {
		body   string
		status int
	}{
		{`{"out_order_no":"T9","total_amount":5}`, 200}, {`{"out_order_no":"T9","total_amount":5}`, 409},
		{`{"out_order_no":"T10"}`, 404}, {`{"out_order_no":"T9"}`, 409}, {`{"order":"T9"}`, 400},
	} {
		if status, answer := control(s, "POST", "/_sim/pay", tt.body); status != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.body, status, answer, tt.status)
		}
	}
	if _, answer := control(s, "GET", "/_sim/ledger", ""); !strings.Contains(answer, `"kind":"payment","number":"T9","out_order_no":"T9","amount":5}`) {
		t.Errorf("ledger %s", answer)
	}
}
