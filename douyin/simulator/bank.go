package simulator

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status is the state of a payment, refund or settlement, in Douyin's words.
type Status string

// The states. A payment that nobody makes in time is TimedOut.
const (
	Processing Status = "PROCESSING"
	Succeeded  Status = "SUCCESS"
	Failed     Status = "FAIL"
	TimedOut   Status = "TIMEOUT"
)

// Callback says how the delivery of a result went.
type Callback struct {
	Deliveries int  `json:"deliveries"` // POSTs made, answered or not
	Answered   bool `json:"answered"`   // with success
}

// Payment is one order of create_order. Amounts are fen.
type Payment struct {
	OutOrderNo string    `json:"out_order_no"`
	OrderID    string    `json:"order_id"` // Douyin's number
	Amount     int64     `json:"total_amount"`
	Status     Status    `json:"status"`
	CreatedAt  time.Time `json:"created_at"`
	ValidUntil time.Time `json:"valid_until"`
	PaidAt     time.Time `json:"paid_at,omitzero"`
	Refunded   int64     `json:"refunded"`  // refunds that succeeded
	Refunding  int64     `json:"refunding"` // refunds accepted, their end not known
	Settled    int64     `json:"settled"`   // settlements that succeeded
	Settling   int64     `json:"settling"`  // the settlement that runs
	Finished   bool      `json:"finished"`  // nothing can be settled any more
	Callback   Callback  `json:"callback"`

	subject, body, appID, cpExtra, notifyURL, token string

	settlements int // accepted ones
	refunds     int // accepted ones
}

// Refund is one number of create_refund.
type Refund struct {
	OutRefundNo string    `json:"out_refund_no"`
	RefundNo    string    `json:"refund_no"` // Douyin's number; empty when the first request was refused
	OutOrderNo  string    `json:"out_order_no"`
	Amount      int64     `json:"refund_amount"`
	Reason      string    `json:"reason"`
	Status      Status    `json:"status"`
	Requests    int       `json:"requests"` // with this number that were found well-formed
	Dead        bool      `json:"dead"`     // the first request was refused: the number is used up
	FinishedAt  time.Time `json:"finished_at,omitzero"`
	Message     string    `json:"message,omitempty"`
	Callback    Callback  `json:"callback"`

	cpExtra, notifyURL string
}

// Settlement is one number of settle.
type Settlement struct {
	OutSettleNo string    `json:"out_settle_no"`
	SettleNo    string    `json:"settle_no"`
	OutOrderNo  string    `json:"out_order_no"`
	Amount      int64     `json:"settle_amount"` // what leaves the transit account: receivers, seller and fee
	Params      string    `json:"settle_params,omitempty"`
	Finish      bool      `json:"finish"`
	Status      Status    `json:"status"`
	Requests    int       `json:"requests"`
	Dead        bool      `json:"dead"`
	FinishedAt  time.Time `json:"finished_at,omitzero"`
	Message     string    `json:"message,omitempty"`
	Callback    Callback  `json:"callback"`

	desc, finish, cpExtra, notifyURL string
}

// Movement is money that moved: a payment came in, a refund or a settlement went out. Amount is fen
// and positive.
type Movement struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"` // "payment", "refund" or "settle"
	Number     string    `json:"number"`
	OutOrderNo string    `json:"out_order_no"`
	Amount     int64     `json:"amount"`
}

// Anomaly is something that must not happen to money when whoever drives the simulator is right.
type Anomaly struct {
	Kind       string `json:"kind"`
	OutOrderNo string `json:"out_order_no"`
	Number     string `json:"number"`
	Detail     string `json:"detail,omitempty"`
}

// The kinds of anomalies.
const (
	MovedTwice = "moved_twice" // one number moved money more than once
	Overdrawn  = "overdrawn"   // more was refunded, or more was settled, than was paid
	// two refunds of one order with the same amount and reason succeeded: an intent that got two
	// numbers?
	TwinRefund     = "twin_refund"
	ChangedRequest = "changed_request" // a number came again with other content; Douyin uses the first
	DeadNumber     = "dead_number"     // a number came again although its first request was refused
	TooMuch        = "too_much"        // a refund or settlement was asked for that exceeds what is left
	RefundInFlight = "refund_in_flight"
)

// Money is the whole ledger of money, as a copy, each list in the order in which things were first
// seen.
type Money struct {
	Payments    []Payment    `json:"payments"`
	Refunds     []Refund     `json:"refunds"`
	Settlements []Settlement `json:"settlements"`
	Movements   []Movement   `json:"movements"`
	Anomalies   []Anomaly    `json:"anomalies"`
}

// bank holds the money. It is one lock: money is slow, in the simulator as in life.
type bank struct {
	mu          kept
	payments    map[string]*Payment
	refunds     map[string]*Refund
	settlements map[string]*Settlement
	paymentNos  []string // in the order of arrival
	refundNos   []string
	settleNos   []string
	movements   []Movement
	noticed     []Anomaly
	seq         int64
}

func newBank() *bank {
	b := &bank{}
	b.mu.held = b.saved
	b.clear()
	return b
}

func (b *bank) clear() {
	b.payments, b.refunds, b.settlements = map[string]*Payment{}, map[string]*Refund{}, map[string]*Settlement{}
	b.paymentNos, b.refundNos, b.settleNos, b.movements, b.noticed = nil, nil, nil, nil, nil
}

func (b *bank) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.names() {
		b.mu.touch(n)
	}
	b.clear()
}

// number is a number of Douyin's, which has the look of 7398108028895054107 and must never be read
// as an integer.
func (b *bank) number() string {
	b.seq++
	b.mu.touch(recordName{keptSequence, ""})
	return strconv.FormatInt(7_398_108_028_000_000_000+b.seq, 10)
}

// notice keeps an anomaly. The caller holds the lock.
func (b *bank) notice(kind, order, number, detail string) {
	const most = 10_000
	if len(b.noticed) < most {
		b.mu.touch(nth(keptAnomaly, len(b.noticed)))
		b.noticed = append(b.noticed, Anomaly{kind, order, number, detail})
	}
}

func (b *bank) hasPayment(orderNo []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.payments[string(orderNo)] != nil
}

// at is the payment as it is now: nobody can pay it any more when its time is over.
func (p *Payment) at(now time.Time) Payment {
	out := *p
	if out.Status == Processing && !now.Before(out.ValidUntil) {
		out.Status = TimedOut
	}
	return out
}

// left is what can still be settled.
func (p *Payment) left() int64 {
	if p.Finished || p.Status != Succeeded {
		return 0
	}
	return max(0, p.Amount-p.Refunded-p.Refunding-p.Settled-p.Settling)
}

// Money copies the ledger of money.
func (s *Server) Money() Money {
	b, now := s.bank, s.cfg.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	out := Money{Movements: slices.Clone(b.movements), Anomalies: b.anomalies()}
	for _, no := range b.paymentNos {
		out.Payments = append(out.Payments, b.payments[no].at(now))
	}
	for _, no := range b.refundNos {
		out.Refunds = append(out.Refunds, *b.refunds[no])
	}
	for _, no := range b.settleNos {
		out.Settlements = append(out.Settlements, *b.settlements[no])
	}
	return out
}

// Anomalies tells what went wrong with the money. It is empty when all is well.
func (s *Server) Anomalies() []Anomaly {
	s.bank.mu.Lock()
	defer s.bank.mu.Unlock()
	return s.bank.anomalies()
}

// anomalies are those noticed on the way and those that the movements tell. The caller holds the
// lock.
func (b *bank) anomalies() []Anomaly {
	return slices.Concat(b.noticed, movedWrongly(b.movements, " fen"), b.twins())
}

// twins are refunds that look like one intent with two numbers.
func (b *bank) twins() []Anomaly {
	var out []Anomaly
	first := map[string]string{}
	for _, no := range b.refundNos {
		r := b.refunds[no]
		if r.Status != Succeeded {
			continue
		}
		what := strings.Join([]string{r.OutOrderNo, strconv.FormatInt(r.Amount, 10), r.Reason}, "\x00")
		if other, ok := first[what]; ok {
			out = append(out, Anomaly{TwinRefund, r.OutOrderNo, no, "same amount and reason as " + other})
			continue
		}
		first[what] = no
	}
	return out
}
