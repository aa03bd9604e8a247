package gateway

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/tasks"
)

const (
	// Timeout is what Config.Timeout is by default. It is longer than one call to Douyin, so that a
	// payment ends with Douyin's answer or with the reason; cmd/internal/assembly holds that.
	Timeout = 15 * time.Second

	maxBody = 64 << 10
)

// Config is what New needs beside the parts.
type Config struct {
	// Tokens are the bearer tokens that open /v1; several, so that one can be replaced without a
	// gap. None is right only with Loopback.
	Tokens []string
	// Loopback: the listener is bound to a loopback address (see CheckAddr), so the API may go
	// without tokens.
	Loopback bool
	// TokensNeeded names what makes tokens needed on loopback too, such as douyin.callback_token:
	// real money can be moved then, and a proxy may stand in front. Without Tokens the API is
	// refused for as long as it is set. Empty: nothing does.
	TokensNeeded string
	// Timeout ends a request, reading its body included. 0: the constant Timeout, 15 s.
	Timeout time.Duration
	// CallbackTokens are the tokens of Douyin's payment settings, the present one and, after a
	// change, the old one: for a callback the token at the time of payment counts. Without any,
	// callbacks are answered with 503, so that Douyin delivers them again.
	CallbackTokens []string
	// PlatformKeys are Douyin's public keys of the app, the present one and, while it is being
	// changed, the old ones: they verify callbacks of trade. Without any these are answered with 503.
	PlatformKeys []*rsa.PublicKey
	// OnCallback counts deliveries by system and result. nil: nobody counts.
	OnCallback func(CallbackSystem, CallbackResult)
	// Trace watches requests, those that only ask whether the process lives excepted. nil: nobody
	// watches.
	Trace Trace
	// Log gets one line per request; of requests without a token or a signature, what Flood lets
	// through. The zero value writes nothing.
	Log zerolog.Logger
	// NewID names a request in the log and in the answer (X-Request-Id). nil: random.
	NewID func() string
	// Now is the clock. nil: time.Now.
	Now func() time.Time
	// Zone is that of the times of answers. nil: UTC.
	Zone *time.Location
}

// Trace is told of a request and the pattern of its route. admitted: the caller was let into the
// API, and is not just anybody. It returns the context in which the request is answered, and what
// is called at its end with the status of the answer (0: there was none, because the handler
// panicked) and the X-Request-Id.
type Trace func(r *http.Request, pattern string, admitted bool) (ctx context.Context, end func(status int, requestID string))

// Parts are what the gateway stands on. Queue and Ready are needed; a part that is nil answers its
// calls with 501.
type Parts struct {
	Queue  tasks.Enqueuer
	Orders Orders
	// Ready returns nil when Redis and MySQL answer. An error with Missing() []string says in words
	// that may be shown what does not.
	Ready func(ctx context.Context) error

	Instructions Instructions
	MoneyStatus  MoneyStatus
	RefundChecks RefundChecks
	Audits       Audits
	Payments     Payments // of ecpay
	Callbacks    Callbacks
	// TradeCallbacks stands beside Callbacks on the same path. nil: callbacks of trade are answered with
	// 503.
	TradeCallbacks TradeCallbacks

	TradePayments TradePayments
	// PaymentSystem chooses between the two. nil: all are of ecpay.
	PaymentSystem PaymentSystem
}

// Orders tells what is known of one order.
type Orders interface {
	// OrderStatus returns what we and Douyin know of an order; found is false when neither the shop
	// nor we have one.
	OrderStatus(ctx context.Context, orderID string) (status OrderStatus, found bool, err error)
}

// Gateway is the http.Handler of the enqueue API.
type Gateway struct {
	Parts
	cfg    Config
	tokens [][32]byte
	mux    *http.ServeMux
	public *http.ServeMux // what CallbackPort serves
	routes []string
	guard  *http.CrossOriginProtection
	flood  Flood
}

// New builds the handler. It refuses an API without tokens that is not on loopback.
func New(cfg Config, parts Parts) (*Gateway, error) {
	if parts.Queue == nil || parts.Ready == nil {
		return nil, errors.New("gateway: Parts.Queue and Parts.Ready are needed")
	}
	tokens, err := hashTokens(cfg.Tokens)
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 && !cfg.Loopback {
		return nil, errOpen
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = Timeout
	}
	if cfg.NewID == nil {
		cfg.NewID = uuid.NewString
	}
	if cfg.OnCallback == nil {
		cfg.OnCallback = func(CallbackSystem, CallbackResult) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	g := &Gateway{Parts: parts, cfg: cfg, tokens: tokens, mux: http.NewServeMux(),
		public: http.NewServeMux(), guard: http.NewCrossOriginProtection(), flood: Flood{Log: cfg.Log}}
	g.register()
	return g, nil
}

// handler answers a request or returns an error, which fail turns into a problem document.
type handler func(w http.ResponseWriter, r *http.Request) error

func (g *Gateway) register() {
	payments := g.Payments != nil || g.TradePayments != nil
	g.handle("POST /v1/orders/{id}/push", true, g.pushOne)
	g.handle("POST /v1/orders/push", true, g.pushMany)
	g.handle("GET /v1/orders/{id}", g.Orders != nil, g.order)
	g.handle("POST /v1/orders/{id}/refunds", g.Instructions != nil, g.refund)
	g.handle("POST /v1/orders/{id}/settlements", g.Instructions != nil, g.settle)
	g.handle("POST /v1/orders/{id}/refunds/check", g.RefundChecks != nil, g.checkRefunds)
	g.handle("GET /v1/refunds/{no}", g.MoneyStatus != nil, g.refundStatus)
	g.handle("GET /v1/refunds", g.Audits != nil, g.auditsNeeded)
	g.handle("POST /v1/refunds/{no}/audit", g.Audits != nil, g.audit)
	g.handle("GET /v1/settlements/{no}", g.MoneyStatus != nil, g.settlementStatus)
	g.handle("POST /v1/payments", payments, g.createPayment)
	g.handle("GET /v1/payments/{out_order_no}", payments, g.queryPayment)
	g.handle("POST /callbacks/douyin", g.Callbacks != nil, g.callback)
	g.handle("GET /healthz", true, g.healthz)
	g.handle("GET /readyz", true, g.readyz)
	g.handle("GET /openapi.yaml", true, g.openAPI)
}

// handle registers h under a pattern of net/http, behind admit when it is the API's. Without its
// part the route stays known and says 501.
func (g *Gateway) handle(pattern string, present bool, h handler) {
	if !present {
		h = func(http.ResponseWriter, *http.Request) error { return errNotSetUp }
	}
	g.routes = append(g.routes, pattern)
	guarded := strings.Contains(pattern, " /v1/")
	serve := func(w http.ResponseWriter, r *http.Request) {
		if guarded {
			if err := g.admit(w, r); err != nil {
				fail(w, err)
				return
			}
			vouch(w)
		}
		if g.cfg.Trace != nil && !quiet(r.URL.Path) {
			ctx, end := g.cfg.Trace(r, pattern, guarded)
			defer func() { end(statusOf(w), w.Header().Get(headerRequestID)) }()
			r = r.WithContext(ctx)
		}
		if err := h(w, r); err != nil {
			fail(w, err)
		}
	}
	g.mux.HandleFunc(pattern, serve)
	if publicPatterns[pattern] {
		g.public.HandleFunc(pattern, serve)
	}
}
