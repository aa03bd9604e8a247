package douyin

import (
	"context"
	"encoding/json"
	"net/http"
)

// Wire is the way to Douyin for the calls of another of its systems, which has a room of its own
// beside this package: same transport, same judgement of answers, same gate, same masks. Its calls
// carry a token in the header access-token and no signature. It is safe for concurrent use.
type Wire struct {
	caller *caller
	cfg    Config
	tokens Tokens
	gate   Gate
}

// NewWire checks cfg. rules are what the codes of that system mean; a code that none of them names
// is taken for a fault that may have had an effect. Salt, NotifyURL and ThirdpartyID of cfg are not
// used. tokens may be nil for a Wire that only fetches tokens.
func NewWire(cfg Config, rules []Rule, tokens Tokens) (*Wire, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	w := &Wire{caller: newCaller(cfg), cfg: cfg, tokens: tokens, gate: cfg.Gate}
	w.caller.rules, w.caller.gateway = append([]Rule{}, rules...), true
	if w.gate == nil {
		w.gate = open{}
	}
	return w, nil
}

// String never shows a secret.
func (w *Wire) String() string { return "douyin.Wire{" + w.cfg.String() + "}" }

// GoString is String: %#v must not print what %v hides.
func (w *Wire) GoString() string { return w.String() }

// Call passes the gate, sends body with the token and judges the answer; a refused token is
// replaced and the call made once more, nothing else is retried. read is told the whole body of an
// answer that says success, and answers false where it lacks what it should hold: then the call may
// have taken effect. hidden are texts that neither the Receipt nor the error may show, beside the
// token and the app's secret. Errors are *Error.
func (w *Wire) Call(ctx context.Context, op, path string, body []byte, read func(answer []byte) bool, hidden ...string) (r Receipt, err error) {
	if w.tokens == nil {
		return Receipt{}, &Error{Op: op, Kind: Unauthorized, Err: errNoTokens}
	}
	done, err := w.gate.Enter(ctx, op)
	if err != nil {
		return Receipt{}, asError(op, err)
	}
	defer func() { done(err) }()
	var got []byte
	r, err = authorized(ctx, w.tokens, OpClientToken, func(token string) (Receipt, error) {
		secrets := append([]string{token, w.cfg.Secret}, hidden...)
		a, err := w.caller.postWith(ctx, op, path, http.Header{"Access-Token": {token}}, body, secrets...)
		got = a.body
		return Receipt{
			HTTPStatus: a.status, LogID: a.logID, Duration: a.duration,
			Request: hide(body, secrets...), Response: keep(a.body, secrets...),
		}, err
	})
	if err == nil && !read(got) {
		err = lacking(op, r)
	}
	return r, err
}

// FetchToken posts body and reads the token of the answer. Errors are *Error; errors.Is(err,
// ErrCredentials) when asking again is pointless. It passes no gate, as TokenFetcher does not.
func (w *Wire) FetchToken(ctx context.Context, op, path string, body []byte) (Token, error) {
	return w.caller.fetchToken(ctx, op, path, body, w.cfg.Secret)
}

// Marshal is json.Marshal without HTML escaping: what is sent is what a person would write.
func Marshal(v any) ([]byte, error) { return marshal(v) }

// Members splits one JSON object into its members, each name once. Its error names no content.
func Members(object []byte) (map[string]json.RawMessage, error) { return members(object) }

// CheckText wants valid UTF-8 of at least low and at most high bytes; high 0 is no bound. The reason
// never shows the value; nil: nothing is wrong.
func CheckText(field, value string, low, high int) *FieldError { return text(field, value, low, high) }

// CheckRange wants a number from low to high; nil: nothing is wrong.
func CheckRange(field string, value, low, high int64) *FieldError {
	return within(field, value, low, high)
}
