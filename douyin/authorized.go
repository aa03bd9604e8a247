package douyin

import (
	"context"
	"errors"
)

var errNoTokens = errors.New("the client was made without Tokens")

// authorized makes a call with the current token, and once more with a fresh one when Douyin
// refuses that. The Receipt is of the last exchange. fetch is the Op of a failure of tokens that
// names none.
func authorized(ctx context.Context, tokens Tokens, fetch string, send func(token string) (Receipt, error)) (Receipt, error) {
	token, err := tokens.Token(ctx)
	if err != nil {
		return Receipt{}, asError(fetch, err)
	}
	r, err := send(token)
	if !refused(err) {
		return r, err
	}
	fresh, ok := freshToken(ctx, tokens, token)
	if !ok {
		return r, err // Douyin's own words say more than that there was no other token
	}
	return send(fresh)
}

// refused tells that the token may be at fault. A right that the app does not have is none of the
// token's.
func refused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Unauthorized && !errors.Is(err, ErrConfiguration)
}

// freshToken throws the refused token away and asks for another. ok is false when there is none:
// the cache holds new fetches back for some seconds, or cannot be reached.
func freshToken(ctx context.Context, tokens Tokens, stale string) (fresh string, ok bool) {
	if err := tokens.Invalidate(ctx, stale); err != nil {
		return "", false
	}
	fresh, err := tokens.Token(ctx)
	return fresh, err == nil && fresh != stale
}
