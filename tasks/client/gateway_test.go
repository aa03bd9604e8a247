package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"gopkg.in/yaml.v3"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/client"
	"github.com/ordersync/ordersync/tasks/gateway"
)

// shop stands behind a real gateway: it is its queue, its database and Douyin.
type shop struct {
	mu      sync.Mutex
	tasks   map[string]bool // by payload
	refunds map[string]tasks.RefundRequest
	settles map[string]tasks.SettleRequest
}

func (s *shop) EnqueueContext(_ context.Context, t *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	p, err := tasks.ParsePushOrder(t)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := p.ID() // the payload has the time of asking, too
	if s.tasks[id] {
		return nil, asynq.ErrTaskIDConflict
	}
	s.tasks[id] = true
	return &asynq.TaskInfo{}, nil
}

var created = time.Date(2026, 11, 29, 8, 0, 0, 0, time.FixedZone("", 8*3600))

func (s *shop) OrderStatus(_ context.Context, id string) (gateway.OrderStatus, bool, error) {
	return gateway.OrderStatus{
		OrderID: id, OrderNo: "SN" + id, Outcome: "pushed", Attempts: 0, PushedAt: &created, Douyin: &gateway.Held{Status: 1, Text: "已支付", UpdateTime: 1764374400000},
		History: []gateway.Event{{At: created, Call: "order.push", Attempt: 1, Outcome: "pushed", DurationMS: 12}},
	}, id != "404", nil
}

func (s *shop) Refund(ctx context.Context, r tasks.RefundRequest) (gateway.RefundStatus, bool, error) {
	s.mu.Lock()
	old, stood := s.refunds[r.OutRefundNo]
	if !stood {
		s.refunds[r.OutRefundNo] = r
	}
	s.mu.Unlock()
	switch {
	case stood && old != r:
		return gateway.RefundStatus{}, false, gateway.ErrConflict
	case r.AmountFen > 1990:
		return gateway.RefundStatus{}, false, &gateway.ExceedsError{PaidFen: 1990, AskedFen: r.AmountFen}
	}
	status, _, err := s.RefundStatus(ctx, r.OutRefundNo)
	return status, !stood, err
}

func (s *shop) Settle(ctx context.Context, r tasks.SettleRequest) (gateway.SettlementStatus, bool, error) {
	s.mu.Lock()
	s.settles[r.OutSettleNo] = r
	s.mu.Unlock()
	status, _, err := s.SettlementStatus(ctx, r.OutSettleNo)
	return status, true, err
}

func (s *shop) RefundStatus(_ context.Context, no string) (gateway.RefundStatus, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.refunds[no]
	return gateway.RefundStatus{OutRefundNo: no, OrderID: r.OrderID, AmountFen: r.AmountFen, Reason: r.Reason,
		Progress: gateway.Progress{State: "succeeded", CreatedAt: created, FinishedAt: &created}}, found, nil
}

func (s *shop) SettlementStatus(_ context.Context, no string) (gateway.SettlementStatus, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.settles[no]
	return gateway.SettlementStatus{OutSettleNo: no, OrderID: r.OrderID, Desc: r.Desc, Params: r.Params, Finish: r.Finish,
		Progress: gateway.Progress{State: "new", CreatedAt: created}}, found, nil
}

func (s *shop) CreateOrder(_ context.Context, o douyin.PaymentOrder) (douyin.CreatedOrder, douyin.Receipt, error) {
	if o.Subject == "" {
		return douyin.CreatedOrder{}, douyin.Receipt{}, &douyin.FieldError{Field: "subject", Reason: "is missing"}
	}
	return douyin.CreatedOrder{OrderID: "N7", OrderToken: "Cg"}, douyin.Receipt{}, nil
}

func (s *shop) QueryOrder(_ context.Context, no string) (douyin.OrderPayment, douyin.Receipt, error) {
	return douyin.OrderPayment{OutOrderNo: no, OrderID: "N7", Status: "SUCCESS", TotalFee: 1990, Way: 10}, douyin.Receipt{}, nil
}

const token = "a-token-of-the-test"

func startGateway(t testing.TB, change ...func(*gateway.Parts)) (*shop, client.Config) {
	t.Helper()
	s := &shop{tasks: map[string]bool{}, refunds: map[string]tasks.RefundRequest{}, settles: map[string]tasks.SettleRequest{}}
	parts := gateway.Parts{Queue: s, Orders: s, Instructions: s, MoneyStatus: s, Payments: s, Ready: func(context.Context) error { return nil }}
	for _, c := range change {
		c(&parts)
	}
	g, err := gateway.New(gateway.Config{Tokens: []string{token}}, parts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return s, client.Config{URL: server.URL, Token: token}
}

func dial(t testing.TB, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPushesReachTheGateway(t *testing.T) {
	t.Parallel()
	s, cfg := startGateway(t)
	c := dial(t, cfg)
	for _, want := range []string{client.StatusQueued, client.StatusKnown} {
		q, err := c.Push(t.Context(), "7", client.Push{Revision: "paid", Cause: "paid"})
		if err != nil || q != (client.Queued{OrderID: "7", Status: want, Revision: "paid", TaskID: "push:7:paid", Queue: "push"}) {
			t.Errorf("%+v, %v; want %s", q, err, want)
		}
	}
	var many []client.PushOrder
	for i := range 501 {
		id := "8"
		if i == 500 {
			id = "two words"
		}
		many = append(many, client.PushOrder{OrderID: id})
	}
	all, err := c.PushMany(t.Context(), many)
	if err != nil || all.Queued != 500 || all.Failed != 1 || len(all.Results) != 501 || len(s.tasks) != 501 {
		t.Fatalf("queued %d, failed %d, %d results, %d tasks, %v", all.Queued, all.Failed, len(all.Results), len(s.tasks), err)
	}
	if bad := all.Results[500]; bad.Status != client.StatusRefused || bad.Problem == nil || bad.Problem.Field != "order_id" {
		t.Errorf("%+v", bad)
	}
	if empty, err := c.PushMany(t.Context(), nil); err != nil || empty.Results == nil {
		t.Errorf("%+v, %v", empty, err)
	}
	var p *client.Problem
	if _, err := c.Push(t.Context(), "7", client.Push{Cause: "whim"}); !errors.As(err, &p) || p.Field != "cause" || p.RequestID == "" {
		t.Errorf("%+v", p)
	}
}

func TestMoneyReachesTheGateway(t *testing.T) {
	t.Parallel()
	s, cfg := startGateway(t)
	c := dial(t, cfg)
	refund := client.Refund{OutRefundNo: "R*1", AmountFen: 990, Reason: "用户<取消>订单"}
	for range 2 {
		r, err := c.Refund(t.Context(), "7", refund)
		if err != nil || r.OutRefundNo != "R*1" || r.OrderID != "7" || r.AmountFen != 990 || r.Reason != refund.Reason || !r.Done() || !r.FinishedAt.Equal(created) {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if _, err := c.Refund(t.Context(), "7", client.Refund{OutRefundNo: "R*1", AmountFen: 1, Reason: "x"}); !errors.Is(err, client.ErrConflict) {
		t.Error(err)
	}
	var p *client.Problem
	if _, err := c.Refund(t.Context(), "7", client.Refund{OutRefundNo: "R2", AmountFen: 5000, Reason: "x"}); !errors.As(err, &p) || p.Field != "amount_fen" || *p.PaidFen != 1990 || *p.AskedFen != 5000 {
		t.Errorf("%+v", p)
	}
	if r, err := c.RefundStatus(t.Context(), "R*1"); err != nil || r.AmountFen != 990 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.RefundStatus(t.Context(), "nobody"); !errors.Is(err, client.ErrNotFound) {
		t.Error(err)
	}
	settlement := client.Settlement{OutSettleNo: "S1", Desc: "分账", Params: []client.Receiver{{MerchantUID: "7027", AmountFen: 10}}, Finish: true}
	made, err := c.Settle(t.Context(), "7", settlement)
	if err != nil || made.State != "new" || made.Done() || !reflect.DeepEqual(made.Params, settlement.Params) || !made.Finish {
		t.Errorf("%+v, %v", made, err)
	}
	if again, err := c.SettlementStatus(t.Context(), "S1"); err != nil || !reflect.DeepEqual(again, made) {
		t.Errorf("%+v, %v", again, err)
	}
	if s.settles["S1"].OrderID != "7" {
		t.Errorf("%+v", s.settles)
	}
}

func TestPaymentsAndOrdersReachTheGateway(t *testing.T) {
	t.Parallel()
	_, cfg := startGateway(t)
	c := dial(t, cfg)
	payment := client.EcpayPayment{OutOrderNo: "T1", TotalAmount: 1990, Subject: "课程", Body: "课程", ValidTime: 7200}
	if made, err := c.CreatePayment(t.Context(), payment); err != nil || made != (client.CreatedPayment{OutOrderNo: "T1", OrderID: "N7", OrderToken: "Cg"}) {
		t.Errorf("%+v, %v", made, err)
	}
	var p *client.Problem
	if _, err := c.CreatePayment(t.Context(), client.EcpayPayment{OutOrderNo: "T1"}); !errors.As(err, &p) || p.Field != "subject" {
		t.Errorf("%v", err)
	}
	if found, err := c.Payment(t.Context(), "T1"); err != nil || !found.Paid() || found.TotalFee != 1990 {
		t.Errorf("%+v, %v", found, err)
	}
	o, err := c.Order(t.Context(), "7")
	if err != nil || o.OrderNo != "SN7" || o.Outcome != "pushed" || *o.Douyin != (client.Held{Status: 1, Text: "已支付", UpdateTime: 1764374400000}) || len(o.History) != 1 || o.History[0].DurationMS != 12 || !o.PushedAt.Equal(created) {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := c.Order(t.Context(), "404"); !errors.Is(err, client.ErrNotFound) {
		t.Error(err)
	}
}

func TestWhatTheGatewayRefusesIsTold(t *testing.T) {
	t.Parallel()
	_, cfg := startGateway(t, func(p *gateway.Parts) { p.Payments = nil })
	if _, err := dial(t, client.Config{URL: cfg.URL, Token: "wrong"}).Order(t.Context(), "7"); !errors.Is(err, client.ErrUnauthorized) {
		t.Error(err)
	}
	for _, wrong := range []string{"/v1", "/shop/"} {
		if _, err := dial(t, client.Config{URL: cfg.URL + wrong, Token: token}).Order(t.Context(), "7"); !errors.Is(err, client.ErrWrongAddress) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	var p *client.Problem
	if _, err := dial(t, cfg).Payment(t.Context(), "T1"); !errors.Is(err, client.ErrUnavailable) || !errors.As(err, &p) || p.Status != 501 {
		t.Error(err)
	}
}

// schemas are the types of an answer, under the names of openapi.yaml.
var schemas = map[string]any{
	"Queued": client.Queued{}, "ManyQueued": client.ManyQueued{}, "OrderStatus": client.OrderStatus{}, "PutAside": client.PutAside{}, "OrderPayment": client.OrderPayment{}, "Event": client.Event{},
	"RefundStatus": client.RefundStatus{}, "SettlementStatus": client.SettlementStatus{}, "PaymentCreated": client.CreatedPayment{}, "PaymentStatus": client.PaymentStatus{},
	"Problem": client.Problem{}, "Push": client.Push{}, "Refund": client.Refund{}, "Settle": client.Settlement{}, "Receiver": client.Receiver{}, "Payment": client.EcpayPayment{},
	"TradePayment": client.TradePayment{}, "TradePage": client.Page{}, "PaymentSigned": client.SignedPayment{}, "TradePaymentStatus": client.PaymentStatus{},
	"RefundPage": client.AuditPage{},
}

// What the gateway describes, a caller of this package can say and read.
func TestTypesHaveWhatOpenAPIDescribes(t *testing.T) {
	t.Parallel()
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `yaml:"properties"`
			} `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(gateway.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for name, described := range doc.Components.Schemas {
		typed, ours := schemas[name]
		if !ours {
			continue
		}
		checked++
		has := map[string]bool{}
		fields(reflect.TypeOf(typed), has)
		for property := range described.Properties {
			skip := property == "type" && name == "Problem" || property == "order_id" && (name == "Refund" || name == "Settle")
			if !has[property] && !skip {
				t.Errorf("%T lacks %s, which openapi.yaml describes", typed, property)
			}
		}
	}
	if checked < 15 {
		t.Errorf("%d schemas are held only: were they renamed?", checked)
	}
}

// fields collects the JSON names of a struct, embedded ones included.
func fields(t reflect.Type, into map[string]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			into[name] = true
		}
		if f.Anonymous {
			fields(f.Type, into)
		}
	}
}

// A shop that asks over HTTP links nothing of asynq's, Redis's or Douyin's.
func TestTheClientLinksTheStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	if got := strings.Fields(string(out)); len(got) != 2 || got[0] != "github.com/ordersync/ordersync/tasks/cut" || got[1] != "github.com/ordersync/ordersync/tasks/client" {
		t.Errorf("links %q", got)
	}
}

// json.Marshal of a request leaves out what was left out: the gateway refuses fields of the other
// system of payments.
func TestWhatIsLeftOutIsNotSent(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]any{
		`{}`: client.Push{}, `{"out_refund_no":"","amount_fen":0,"reason":""}`: client.Refund{}, `{"out_settle_no":"","desc":""}`: client.Settlement{},
		`{"out_order_no":"","total_amount":0,"subject":"","body":"","valid_time":0}`: client.EcpayPayment{},
		`{"out_order_no":"","total_amount":0,"subject":"","image":""}`:               client.TradePayment{},
	} {
		if got, err := json.Marshal(in); err != nil || string(got) != want {
			t.Errorf("%T: %s, %v; want %s", in, got, err, want)
		}
	}
}
