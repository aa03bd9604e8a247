package douyin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const pathEcpay = "/api/apps/ecpay/v1/"

// Limits of guaranteed payment (PAY, REFUND, SETTLE).
const (
	MaxFen            = 10_000_000_000 // of one order: create_order.total_amount
	MaxSubjectBytes   = 128            // subject and body each; 42 Chinese characters are 126 bytes
	MinValidSeconds   = 300
	MaxValidSeconds   = 172800
	MaxReasonBytes    = 100 // the page says "100" without a unit; bytes is the reading that Douyin cannot refuse
	MaxSettleDesc     = 80  // characters
	MaxSettleParams   = 2048
	MaxReceivers      = 4
	MaxMerchantBytes  = 32
	MaxExtraBytes     = 2048 // cp_extra; Douyin cuts what is longer, so it is refused here
	MaxNotifyURLBytes = 256
)

// params is a signed request while it is made. The first fault is kept; later ones do not matter.
type params struct {
	values map[string]any
	fault  *FieldError
	ours   bool // the fault is the configuration's, not the request's
	plain  bool // notify_url may be http: Douyin itself is a simulator
}

func (c *Client) params() *params {
	p := &params{values: map[string]any{"app_id": c.cfg.AppID}, plain: strings.HasPrefix(c.cfg.baseURL(), "http://")}
	if c.cfg.ThirdpartyID != "" {
		p.values["thirdparty_id"] = c.cfg.ThirdpartyID
	}
	return p
}

func (p *params) fail(f *FieldError) {
	if p.fault == nil {
		p.fault = f
	}
}

// text adds a text in its normal form: what is sent is what is signed. An empty one is left out, or
// missing when low is 1.
func (p *params) text(field, value string, low, high int) {
	value = normal(value)
	if f := text(field, value, low, high); f != nil {
		p.fail(f)
	}
	if value != "" {
		p.values[field] = value
	}
}

// no adds a developer's number: [0-9A-Za-z_\-*], at most 64 (PAY, OLD-SETTLE).
func (p *params) no(field, value string) {
	p.text(field, value, 1, MaxOrderIDBytes)
	if strings.ContainsFunc(value, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-' && r != '*'
	}) {
		p.fail(&FieldError{field, "may hold only digits, latin letters, _, - and *"})
	}
}

func (p *params) number(field string, value, low, high int64) {
	if f := within(field, value, low, high); f != nil {
		p.fail(f)
	}
	p.values[field] = value
}

// jsonText adds JSON that travels, and is signed, as text.
func (p *params) jsonText(field, value string, high int) {
	p.text(field, value, 0, high)
	if value != "" && !json.Valid([]byte(value)) {
		p.fail(&FieldError{field, "want JSON text"})
	}
}

// flag adds the number 1, or nothing: a 0 would be signed, and a missing field means the same.
func (p *params) flag(field string, value bool) {
	if value {
		p.values[field] = 1
	}
}

// notify adds the address of the callback, the configured one when none is given. Douyin calls only
// https on port 443. A fault of the configured one may be mended, and is none of the request's.
func (p *params) notify(given, configured string) {
	if given == "" {
		given = configured
		before := p.fault
		defer func() { p.ours = p.ours || before == nil && p.fault != nil }()
	}
	p.text("notify_url", given, 0, MaxNotifyURLBytes)
	if given == "" {
		return
	}
	u, err := url.Parse(given)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil:
		p.fail(&FieldError{"notify_url", "want an https address"})
	case p.plain && u.Scheme == "http":
	case u.Scheme != "https" || (u.Port() != "" && u.Port() != "443" && !p.plain):
		p.fail(&FieldError{"notify_url", "want an https address on port 443"})
	}
}

// ecpay signs p, sends it as method and decodes the answer. The Receipt's request has its signature
// masked.
func (c *Client) ecpay(ctx context.Context, op, method string, p *params, into any) (r Receipt, err error) {
	if p.fault != nil && p.ours {
		return Receipt{}, &Error{Op: op, Kind: Unauthorized, Err: fmt.Errorf("%w: %w", ErrConfiguration, p.fault)}
	}
	if p.fault != nil {
		return Receipt{}, &Error{Op: op, Kind: Rejected, Err: p.fault}
	}
	sign, err := Sign(p.values, c.cfg.Salt)
	if errors.Is(err, ErrNoSalt) { // a fault of the configuration, not of this request: it may be mended
		return Receipt{}, &Error{Op: op, Kind: Unauthorized, Err: err}
	}
	if err != nil {
		return Receipt{}, &Error{Op: op, Kind: Rejected, Err: err}
	}
	p.values["sign"] = sign
	body, err := marshal(p.values)
	if err != nil {
		return Receipt{}, &Error{Op: op, Kind: Rejected, Err: err}
	}
	done, err := c.gate.Enter(ctx, op)
	if err != nil {
		return Receipt{}, asError(op, err)
	}
	defer func() { done(err) }()

	a, err := c.caller.post(ctx, op, pathEcpay+method, body, c.hidden(sign)...)
	decoded := json.Unmarshal(a.body, into) // its words are dropped: they may quote the answer
	hidden := c.hidden(sign)
	if keeper, ok := into.(secretive); ok {
		hidden = append(hidden, keeper.secret())
	}
	r = Receipt{
		HTTPStatus: a.status, LogID: a.logID, Duration: a.duration,
		Request: hide(body, hidden...), Response: keep(a.body, hidden...),
	}
	if err == nil && decoded != nil {
		err = lacking(op, r)
	}
	return r, err
}

// secretive is an answer that holds something a log must not show.
type secretive interface{ secret() string }

var errUnusable = errors.New("answer says success but lacks what it should hold")

// lacking is a success that cannot be understood: what was asked may have taken effect.
func lacking(op string, r Receipt) *Error {
	return &Error{Op: op, Kind: Unavailable, HTTPStatus: r.HTTPStatus, LogID: r.LogID, MayHave: true, Err: errUnusable}
}
