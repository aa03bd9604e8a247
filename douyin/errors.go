package douyin

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrCredentials lies beneath an *Error of Kind Unauthorized when Douyin refused the app's id or
// secret: nothing but another configuration will mend it.
var ErrCredentials = errors.New("Douyin refuses the app's credentials; correct app id and secret")

// ErrConfiguration lies beneath an *Error of Kind Unauthorized when Douyin refused a signed call
// for its salt, app id, provider or merchant, or when nothing was sent because the configured
// notify_url is none that Douyin takes (a *FieldError beside it): nothing but another configuration
// will mend it. It took no effect.
var ErrConfiguration = errors.New("Douyin refuses the app's configuration; correct salt, app id, provider, merchant and notify_url")

// What lies beneath some errors of Kind Rejected or Doubtful, as far as Douyin's codes and words
// allow to tell (errors.Is).
var (
	// ErrNotFound: Douyin knows no such payment, refund or settlement. Soon after the request the
	// record may lag; later it means that the request was not accepted. Any other error of a query
	// means: wait and ask again.
	ErrNotFound = errors.New("Douyin has no such record")
	// ErrNumberDead: the first request with this developer number failed, so every later one fails
	// too. The way out is a new number. Douyin's words for it are UNCONFIRMED.
	ErrNumberDead = errors.New("Douyin has declared the number dead; send the instruction again under a new one")
	// ErrNotYet: the order cannot be settled yet. Douyin's words for it are UNCONFIRMED.
	ErrNotYet = errors.New("too early to settle")
)

// Kind is what a failed call means for whoever made it.
type Kind uint8

const (
	// Unavailable: no answer, a server fault or an unknown code. The same call may succeed later;
	// it may also have taken effect.
	Unavailable Kind = iota + 1
	// Throttled: too many calls, wait RetryAfter. Nothing took effect.
	Throttled
	// Unauthorized: token or credentials refused, also after one fresh token.
	Unauthorized
	// Rejected: understood and refused. The same call fails again.
	Rejected
	// Doubtful: refused with a code that nobody knows, or whose meaning is not confirmed. Whether
	// the call took effect is Douyin's to say: ask.
	Doubtful
	// Paused: nothing was sent, because Douyin (or our credentials) failed again and again a moment
	// ago. Wait RetryAfter.
	Paused
)

// String is the word used in logs, metrics and tables.
func (k Kind) String() string {
	switch k {
	case Unavailable:
		return "unavailable"
	case Throttled:
		return "throttled"
	case Unauthorized:
		return "unauthorized"
	case Rejected:
		return "rejected"
	case Doubtful:
		return "doubtful"
	case Paused:
		return "paused"
	}
	return "unknown"
}

// Error is every failure this package returns; find it with errors.As.
type Error struct {
	Op         string // "order.push", "token.fetch", "refund.create", ...
	Kind       Kind   // never zero
	HTTPStatus int    // 0 without an answer
	Code       int    // Douyin's own code (err_code or err_no); 0 without one
	Message    string // Douyin's own words, at most 256 bytes of valid UTF-8, no secrets
	LogID      string // X-Tt-Logid, what Douyin's support asks for
	// with Throttled and Paused; with ErrCredentials, how long nobody asks again; 0: no time is
	// known
	RetryAfter time.Duration
	MayHave    bool // the call may have taken effect: it was sent, and its outcome is not known
	// what lies beneath: a network error, a *FieldError, one of this package's Err values; nil when
	// Douyin's words say all
	Err error
}

func (e *Error) Error() string {
	s := "douyin " + e.Op + ": " + e.Kind.String()
	if e.HTTPStatus != 0 && e.HTTPStatus != 200 {
		s += fmt.Sprintf(": HTTP %d", e.HTTPStatus)
	}
	if e.Code != 0 {
		s += fmt.Sprintf(": code %d", e.Code)
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.LogID != "" {
		s += " (logid " + e.LogID + ")"
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Outage tells whether e speaks of Douyin, or of our credentials, as a whole and not of this one
// call: what a circuit breaker counts. An answer about one order (its payment does not exist yet, a
// code that nobody knows) is none, nor is a caller that went away, nor a fault of our own token
// cache.
func (e *Error) Outage() bool {
	switch {
	case e.Op == OpTokenCache || errors.Is(e.Err, context.Canceled):
		return false
	case e.Kind == Unauthorized:
		return true
	case e.Kind != Unavailable:
		return false
	}
	return e.Code == 0 || e.Code == codeSystem || e.Code == codeInternal || e.HTTPStatus >= 500
}
