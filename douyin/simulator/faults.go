package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"
)

// Kind is a way to fail.
type Kind string

// The ways to fail. "No effect" means that the ledger is as if the call had never been made.
const (
	ServerError Kind = "5xx"          // HTTP 500, 502 or 503 with a page of HTML; no effect
	BadRequest  Kind = "400"          // HTTP 400 without JSON, as the 2021 document warns; no effect
	TooMany     Kind = "429"          // HTTP 429, with Retry-After when RetryAfterS is set; no effect
	Busy        Kind = "busy"         // code 1001; no effect. UNCONFIRMED for the order push
	SystemError Kind = "system_error" // code -1 (1000 for ecpay); no effect
	// the same, after the call took effect: 1000 means "may have succeeded"
	SystemErrorAfter Kind = "system_error_after"
	Garbage          Kind = "garbage"       // HTTP 200 and half of a JSON text; no effect
	GarbageAfter     Kind = "garbage_after" // the same, after the call took effect
	// no answer until the client goes away or DelayMS (else Config.HangBound) has passed; no effect
	Hang      Kind = "hang"
	CutBefore Kind = "cut_before" // the connection is closed without an answer; no effect
	// the call takes effect, then the connection is closed without an answer
	CutAfter Kind = "cut_after"
	// every token becomes invalid; only with order.push and the calls of trade
	TokenRevoked Kind = "token_revoked"
	Latency      Kind = "latency" // the call is delayed by DelayMS, and then goes on to the next rule

	Fail Kind = "fail" // of refund.result and settle.result: accepted, and FAIL in the end

	Lost      Kind = "lost"      // of a callback: never sent
	Duplicate Kind = "duplicate" // of a callback: every delivery is made twice, at the same time
	// of a callback: the result and its callback come before the answer of the call that asked for
	// it
	Early Kind = "early"
	Late  Kind = "late" // of a callback: the first delivery waits DelayMS longer
)

var kinds = []Kind{
	ServerError, BadRequest, TooMany, Busy, SystemError, SystemErrorAfter, Garbage, GarbageAfter, Hang, CutBefore, CutAfter,
	TokenRevoked, Latency, Fail, Lost, Duplicate, Early, Late,
}

func kindIndex(k Kind) uint8 { return uint8(slices.Index(kinds, k) + 1) }

func kindAt(i uint8) Kind {
	if i == 0 {
		return ""
	}
	return kinds[i-1]
}

// Fault is one rule. The first rule that applies decides, except that Latency adds up and goes on.
// Without an Op a rule applies to whatever its kind can befall: calls, results or callbacks.
type Fault struct {
	// "order.push", "token.fetch", ... (see Ops); empty or "*": all that the kind fits
	Op   string `json:"op,omitempty"`
	Kind Kind   `json:"kind"`

	Probability float64 `json:"probability,omitempty"` // 0: always; else in (0,1]
	Count       int     `json:"count,omitempty"`       // at most so many times; 0: no bound
	// at most so many times for each order or developer number; 0: no bound
	PerOrder int    `json:"per_order,omitempty"`
	OrderID  string `json:"order_id,omitempty"` // only this order or developer number

	DelayMS     int `json:"delay_ms,omitempty"`      // with Latency, Hang and Late
	RetryAfterS int `json:"retry_after_s,omitempty"` // with TooMany
}

// Plan is the faults in force. The zero value is none.
type Plan struct {
	Profile string  `json:"profile,omitempty"` // "off", "some" or "storm"; empty is off
	Faults  []Fault `json:"faults,omitempty"`  // looked at before those of the profile
}

var profiles = map[string][]Fault{
	"off": nil,
	// A bad day: about one call in eight fails.
	"some": {
		{Kind: Latency, Probability: 0.10, DelayMS: 30},
		{Kind: ServerError, Probability: 0.04},
		{Kind: SystemError, Probability: 0.03},
		{Kind: CutAfter, Probability: 0.02},
		{Kind: CutBefore, Probability: 0.01},
		{Kind: Garbage, Probability: 0.01},
		{Kind: TooMany, Probability: 0.02, RetryAfterS: 1},
		{Op: "order.push", Kind: TokenRevoked, Probability: 0.003},
		{Kind: Lost, Probability: 0.05},
		{Kind: Duplicate, Probability: 0.10},
		{Kind: Early, Probability: 0.05},
		{Kind: Late, Probability: 0.05, DelayMS: 300},
		{Op: "trade.order_query", Kind: TokenRevoked, Probability: 0.003},
	},
	// A day to be told of: about every second call fails, in every way there is.
	"storm": {
		{Kind: Latency, Probability: 0.30, DelayMS: 100},
		{Kind: ServerError, Probability: 0.10},
		{Kind: SystemError, Probability: 0.06},
		{Kind: SystemErrorAfter, Probability: 0.04},
		{Kind: CutAfter, Probability: 0.10},
		{Kind: CutBefore, Probability: 0.05},
		{Kind: Garbage, Probability: 0.03},
		{Kind: GarbageAfter, Probability: 0.02},
		{Kind: Busy, Probability: 0.06},
		{Kind: TooMany, Probability: 0.05, RetryAfterS: 1},
		{Kind: Hang, Probability: 0.01, DelayMS: 3000},
		{Op: "order.push", Kind: TokenRevoked, Probability: 0.01},
		{Kind: Lost, Probability: 0.15},
		{Kind: Duplicate, Probability: 0.25},
		{Kind: Early, Probability: 0.15},
		{Kind: Late, Probability: 0.15, DelayMS: 1000},
		{Op: "trade.refund_create", Kind: TokenRevoked, Probability: 0.01},
	},
}

// ParsePlan reads a plan from JSON, or from the bare name of a profile.
func ParsePlan(text []byte) (Plan, error) {
	text = bytes.TrimSpace(text)
	if _, ok := profiles[string(text)]; ok {
		return Plan{Profile: string(text)}, nil
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var p Plan
	if err := dec.Decode(&p); err != nil {
		return Plan{}, fmt.Errorf("simulator: faults: want off, some, storm or a JSON object: %w", err)
	}
	if dec.More() {
		return Plan{}, errors.New("simulator: faults: something follows the JSON object")
	}
	return p, p.Validate()
}

// Validate reports all that is wrong with p.
func (p Plan) Validate() error {
	var errs []error
	if _, ok := profiles[p.Profile]; !ok && p.Profile != "" {
		errs = append(errs, fmt.Errorf("simulator: faults: profile %q: want off, some or storm", p.Profile))
	}
	for i, f := range p.Faults {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("simulator: faults[%d]: "+format, append([]any{i}, args...)...))
		}
		if !slices.Contains(kinds, f.Kind) {
			bad("kind %q: want one of %v", f.Kind, kinds)
		}
		switch o := slices.Index(Ops(), f.Op); {
		case f.Op == "" || f.Op == "*":
		case o < 0:
			bad("op %q: want * or one of %v", f.Op, Ops())
		case op(o).class() != f.Kind.class():
			bad("kind %s cannot befall %s", f.Kind, f.Op)
		}
		if o := slices.Index(Ops(), f.Op); f.Kind == TokenRevoked && (o < 0 || !op(o).takesToken()) {
			bad("kind token_revoked: want op %s or a call of trade", opNames[opPush])
		}
		if !(f.Probability >= 0 && f.Probability <= 1) {
			bad("probability: want 0 to 1")
		}
		if f.Count < 0 || f.PerOrder < 0 || f.DelayMS < 0 || f.RetryAfterS < 0 {
			bad("count, per_order, delay_ms and retry_after_s must not be negative")
		}
	}
	return errors.Join(errs...)
}

// script is a plan at work.
type script struct {
	plan  Plan
	seed  uint64
	rules []rule

	mu  sync.Mutex
	nth map[string]uint64 // calls made so far, by operation and key
}

type rule struct {
	Fault
	id     uint64
	fired  int
	perKey map[string]int
}

// keptKeys bounds the memory of a script. Beyond it the keys are forgotten, and rules bounded per
// order begin anew.
const keptKeys = 1_000_000

// newScript is nil for a plan without faults: then calls do not even look.
func newScript(p Plan, seed uint64) *script {
	sc := &script{plan: p, seed: seed, nth: map[string]uint64{}}
	for _, f := range slices.Concat(p.Faults, profiles[p.Profile]) {
		sc.rules = append(sc.rules, rule{Fault: f, id: uint64(len(sc.rules)), perKey: map[string]int{}})
	}
	if len(sc.rules) == 0 {
		return nil
	}
	return sc
}

// verdict is what a script has for one call.
type verdict struct {
	delay time.Duration
	fault *Fault // nil: the call goes through
	draw  uint64 // for choices within the fault
}

// pick decides the fate of one call.
func (sc *script) pick(o op, key []byte) (v verdict) {
	name := opNames[o] + "\x00" + string(key)
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if len(sc.nth) >= keptKeys {
		clear(sc.nth)
		for i := range sc.rules {
			clear(sc.rules[i].perKey)
		}
	}
	n := sc.nth[name]
	sc.nth[name] = n + 1
	for i := range sc.rules {
		r := &sc.rules[i]
		draw := mix(sc.seed ^ mix(h.Sum64()+r.id) ^ mix(n))
		if !r.applies(o, name, key, draw) {
			continue
		}
		if r.Kind == Latency {
			v.delay += time.Duration(r.DelayMS) * time.Millisecond
			continue
		}
		v.fault, v.draw = &r.Fault, draw
		break
	}
	return v
}

func (r *rule) applies(o op, name string, key []byte, draw uint64) bool {
	switch {
	case r.Op != "" && r.Op != "*" && r.Op != opNames[o],
		r.Kind.class() != o.class(),
		r.OrderID != "" && r.OrderID != string(key),
		r.Count > 0 && r.fired >= r.Count,
		r.PerOrder > 0 && r.perKey[name] >= r.PerOrder,
		r.Probability > 0 && float64(draw>>11)/(1<<53) >= r.Probability:
		return false
	}
	r.fired++
	if r.PerOrder > 0 {
		r.perKey[name]++
	}
	return true
}

// mix is the finisher of splitmix64: neighbouring numbers come out unrelated.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
