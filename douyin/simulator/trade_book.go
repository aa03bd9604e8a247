package simulator

import (
	"crypto/rsa"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Pending is the pay_status of an order of trade that waits for its buyer.
const Pending Status = "PROCESS"

// Audit is how far a refund's audit is, in Douyin's words.
type Audit string

// The states of an audit.
const (
	AuditInit     Audit = "INIT"    // the shop was not told yet
	AuditAwaited  Audit = "TOAUDIT" // the shop has its say
	AuditAgreed   Audit = "AGREE"
	AuditDenied   Audit = "DENY"
	AuditOvertime Audit = "OVERTIME" // nobody said anything in time: agreed
)

// The sources of a refund.
const (
	SourceUser      = 1
	SourceDeveloper = 2
	SourceExpiry    = 3
	SourceService   = 4
)

// TradeItem is an item order. Amounts are in the unit of its order.
type TradeItem struct {
	ItemOrderID string `json:"item_order_id"`
	SKU         string `json:"sku_id"`
	Amount      int64  `json:"item_order_amount"`
	Paid        int64  `json:"paid"`
	Refunded    int64  `json:"refunded"`
	Refunding   int64  `json:"refunding"`
	Settled     int64  `json:"settled"`
	Settling    int64  `json:"settling"`
}

// TradeOrder is one order that tt.requestOrder made. Amounts are fen, or diamonds where Currency is
// DIAMOND.
type TradeOrder struct {
	OrderID    string      `json:"order_id"` // Douyin's number
	OutOrderNo string      `json:"out_order_no"`
	AppID      string      `json:"app_id"`
	PayStatus  Status      `json:"pay_status"` // PROCESS, SUCCESS or TIMEOUT (closed unpaid)
	Amount     int64       `json:"total_amount"`
	Discount   int64       `json:"discount_amount"`
	Currency   string      `json:"currency"`
	Channel    int64       `json:"pay_channel,omitempty"`
	CreatedAt  time.Time   `json:"created_at"`
	ValidUntil time.Time   `json:"valid_until"`
	PaidAt     time.Time   `json:"paid_at,omitzero"`
	Items      []TradeItem `json:"items"`
	Fulfilment string      `json:"fulfil_status"`
	Callback   Callback    `json:"callback"`

	data, merchantUID, notifyURL, openID string
	channelPayID, billPayID              string
	goods                                tradeGoods
	hidden                               []int64 // channels of limitPayWayList
	state                                int     // index into FulfilStates
	fulfilledAt                          time.Time
	refunds                              int // made, whoever opened them
}

// paid is what the buyer paid.
func (o *TradeOrder) paid() int64 { return o.Amount - o.Discount }

func (o *TradeOrder) item(id string) *TradeItem {
	for i := range o.Items {
		if o.Items[i].ItemOrderID == id {
			return &o.Items[i]
		}
	}
	return nil
}

// sums are the refunds and settlements of all items, done and under way.
func (o *TradeOrder) sums() (refunded, refunding, settled, settling int64) {
	for _, i := range o.Items {
		refunded, refunding, settled, settling = refunded+i.Refunded, refunding+i.Refunding, settled+i.Settled, settling+i.Settling
	}
	return refunded, refunding, settled, settling
}

// TradePart is a refund's share of one item.
type TradePart struct {
	ItemOrderID string `json:"item_order_id"`
	Amount      int64  `json:"refund_amount"`
}

// TradeRefund is one refund, whoever opened it.
type TradeRefund struct {
	RefundID    string      `json:"refund_id"`
	OutRefundNo string      `json:"out_refund_no"` // empty: nobody has told the shop's number
	OrderID     string      `json:"order_id"`
	OutOrderNo  string      `json:"out_order_no"`
	Amount      int64       `json:"refund_total_amount"`
	Items       []TradePart `json:"item_order_detail"`
	Status      Status      `json:"refund_status"`
	Source      int         `json:"refund_source"`
	NeedsAudit  bool        `json:"need_refund_audit"`
	Audit       Audit       `json:"audit_status"`
	Deadline    time.Time   `json:"refund_audit_deadline"`
	DenyMessage string      `json:"deny_message,omitempty"`
	CreatedAt   time.Time   `json:"created_at"`
	FinishedAt  time.Time   `json:"finished_at,omitzero"`
	Message     string      `json:"message,omitempty"`
	Asked       Callback    `json:"asked"`            // the deliveries of pre_create_refund
	Answer      string      `json:"answer,omitempty"` // the first right answer to it
	Callback    Callback    `json:"callback"`

	order              *TradeOrder
	again              notification // pre_create_refund, to be delivered once more
	cpExtra, notifyURL string
	about              string   // the reasons of refund_create
	content            string   // of refund_create, to tell whether a number comes again alike
	reasons            []string // of the buyer
	numbered           bool     // the shop's number is known, or not awaited any more
	agreed             bool     // on the way to its result
}

// TradeSettlement is one settlement. The platform's own have one number for both.
type TradeSettlement struct {
	SettleID    string    `json:"settle_id"`
	OutSettleNo string    `json:"out_settle_no"`
	OrderID     string    `json:"order_id"`
	OutOrderNo  string    `json:"out_order_no"`
	ItemOrderID string    `json:"item_order_id,omitempty"`
	Amount      int64     `json:"settle_amount"`
	Params      string    `json:"settle_params,omitempty"`
	Auto        bool      `json:"is_auto_settle"`
	Status      Status    `json:"settle_status"`
	CreatedAt   time.Time `json:"created_at"`
	FinishedAt  time.Time `json:"finished_at,omitzero"`
	Message     string    `json:"message,omitempty"`
	Callback    Callback  `json:"callback"`

	order                   *TradeOrder
	shares                  map[*TradeItem]int64
	walletID, ext           string
	notifyURL, desc, source string
}

// The kinds of violations beside those of Anomaly.
const (
	AnswerDiffers   = "answer_differs"   // a repeated pre_create_refund got another answer
	NumberReused    = "number_reused"    // a pre_create_refund was answered with another refund's number
	PushedTrade     = "pushed_trade"     // the order centre was told of an order of trade
	TokenFlood      = "token_flood"      // more than 500 client tokens in 5 minutes
	SecondWord      = "second_word"      // an audit was answered twice, with yes and with no
	FulfilBackwards = "fulfil_backwards" // an order went back from a state of fulfilment
)

// TradeBook is the ledger of trade, as a copy, each list in the order in which things were made.
// Violations must be empty when whoever drives the simulator is right.
type TradeBook struct {
	Orders      []TradeOrder      `json:"orders"`
	Refunds     []TradeRefund     `json:"refunds"`
	Settlements []TradeSettlement `json:"settlements"`
	Movements   []Movement        `json:"movements"`
	Violations  []Anomaly         `json:"violations"`
}

// trade is the state of the second generation. Its lock is never held together with the bank's.
type trade struct {
	mu          kept
	orders      []*TradeOrder
	refunds     []*TradeRefund
	settlements []*TradeSettlement
	byOrder     map[string]*TradeOrder // by Douyin's number, and by app and the shop's number
	byNumber    map[string]*TradeOrder // by Douyin's number, and by the shop's number in any app
	byRefund    map[string]*TradeRefund
	bySettle    map[string]*TradeSettlement
	movements   []Movement
	noticed     []Anomaly
	seq         int64
	appKey      *rsa.PublicKey
	keyVersion  string

	count  atomic.Int64 // orders, for those who must not take the lock
	tokens *clientTokens

	keyOnce sync.Once
	key     *rsa.PrivateKey
}

func newTrade(cfg Trade) *trade {
	t := &trade{tokens: newClientTokens(), appKey: cfg.AppKey, keyVersion: cfg.KeyVersion}
	t.mu.held = t.saved
	t.clear()
	return t
}

func (t *trade) clear() {
	t.orders, t.refunds, t.settlements, t.movements, t.noticed = nil, nil, nil, nil, nil
	t.byNumber = map[string]*TradeOrder{}
	t.byOrder, t.byRefund, t.bySettle = map[string]*TradeOrder{}, map[string]*TradeRefund{}, map[string]*TradeSettlement{}
	t.count.Store(0)
}

func (t *trade) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.names() {
		t.mu.touch(n)
	}
	t.clear()
}

// own is the key of a number of the shop's, which is unique within its app only.
func own(app, number string) string { return app + "\x00" + number }

// next counts. The caller holds the lock.
func (t *trade) next() {
	t.seq++
	t.mu.touch(recordName{keptTradeSequence, ""})
}

// platformID is a number of orders, items and refunds; it has the look of
// motb73383242802221734767173. The caller holds the lock.
func (t *trade) platformID() string {
	t.next()
	return fmt.Sprintf("motb733832428022%011d", t.seq)
}

// settleID has the look of 7308352427978230016. The caller holds the lock.
func (t *trade) settleID() string {
	t.next()
	return strconv.FormatInt(7_308_352_427_000_000_000+t.seq, 10)
}

// touchOrder, touchRefund and touchSettlement say that one has changed. The caller holds the lock.
func (t *trade) touchOrder(o *TradeOrder)           { t.mu.touch(o.recordName()) }
func (t *trade) touchRefund(r *TradeRefund)         { t.mu.touch(r.recordName()) }
func (t *trade) touchSettlement(s *TradeSettlement) { t.mu.touch(s.recordName()) }

func (o *TradeOrder) recordName() recordName  { return recordName{keptTradeOrder, o.OrderID} }
func (r *TradeRefund) recordName() recordName { return recordName{keptTradeRefund, r.RefundID} }
func (st *TradeSettlement) recordName() recordName {
	return recordName{keptTradeSettlement, st.SettleID}
}

// notice keeps a violation. The caller holds the lock.
func (t *trade) notice(kind, order, number, detail string) {
	const most = 10_000
	if len(t.noticed) < most {
		t.mu.touch(nth(keptTradeViolation, len(t.noticed)))
		t.noticed = append(t.noticed, Anomaly{kind, order, number, detail})
	}
}

// held tells whether an order was not forgotten by a reset. The caller holds the lock.
func (t *trade) held(o *TradeOrder) bool { return t.byOrder[o.OrderID] == o }

// moved writes a movement of money. The caller holds the lock.
func (t *trade) moved(o *TradeOrder, m Movement) {
	if t.held(o) {
		t.mu.touch(nth(keptTradeMovement, len(t.movements)))
		t.movements = append(t.movements, m)
	}
}

// pushed takes note of a push to the order centre that names an order of trade by any of its
// numbers, and tells whether it did.
func (t *trade) pushed(numbers ...[]byte) bool {
	if t.count.Load() == 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range numbers {
		if o := t.byNumber[string(n)]; o != nil {
			t.notice(PushedTrade, o.OutOrderNo, string(n), "")
			return true
		}
	}
	return false
}

// Trade copies the ledger of trade.
func (s *Server) Trade() TradeBook {
	t := s.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	out := TradeBook{
		Orders: []TradeOrder{}, Refunds: []TradeRefund{}, Settlements: []TradeSettlement{},
		Movements: append([]Movement{}, t.movements...), Violations: t.violations(),
	}
	for _, o := range t.orders {
		seen := *o
		seen.Items = slices.Clone(o.Items)
		out.Orders = append(out.Orders, seen)
	}
	for _, r := range t.refunds {
		seen := *r
		seen.Items = slices.Clone(r.Items)
		out.Refunds = append(out.Refunds, seen)
	}
	for _, st := range t.settlements {
		out.Settlements = append(out.Settlements, *st)
	}
	return out
}

// violations are those noticed on the way and those that the movements tell. The caller holds the
// lock.
func (t *trade) violations() []Anomaly {
	return append([]Anomaly{}, slices.Concat(t.noticed, movedWrongly(t.movements, ""), t.twins())...)
}

// twins are developer refunds that look like one intent with two numbers. The caller holds the
// lock.
func (t *trade) twins() []Anomaly {
	var out []Anomaly
	first := map[string]string{}
	for _, r := range t.refunds {
		if r.Status != Succeeded || r.Source != SourceDeveloper {
			continue
		}
		what := fmt.Sprintf("%s %d %v %s", r.OrderID, r.Amount, r.Items, r.about)
		if other, ok := first[what]; ok {
			out = append(out, Anomaly{TwinRefund, r.OutOrderNo, r.OutRefundNo, "same items, amounts and reasons as " + other})
			continue
		}
		first[what] = r.OutRefundNo
	}
	return out
}
