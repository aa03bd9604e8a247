package douyin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const pathToken = "/api/apps/v2/token" //nolint:gosec // an address, not a token

var errNoToken = errors.New("answer holds no usable token")

// Token is an app's access_token. It cannot print itself: its string forms show only the lifetime.
type Token struct {
	Value     string        // opens the calls; never printed
	ExpiresIn time.Duration // from the moment of the answer; 2 hours by Douyin's documentation
}

// String hides the value.
func (t Token) String() string { return fmt.Sprintf("token %s for %s", masked, t.ExpiresIn) }

// Format hides the value from every verb, %#v and %x included.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) } // fmt reports its own write errors

// TokenFetcher fetches app tokens. A new fetch lets the previous token die within 5 minutes
// (TOKEN), so nobody calls it but one shared cache: see package tokencache.
type TokenFetcher struct {
	caller *caller
	cfg    Config
}

// NewTokenFetcher needs AppID and Secret. It ignores cfg.Gate: who needs a token has passed the
// gate already.
func NewTokenFetcher(cfg Config) (*TokenFetcher, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.Secret == "" {
		return nil, errors.New("douyin: Secret: is missing")
	}
	return &TokenFetcher{caller: newCaller(cfg), cfg: cfg}, nil
}

// String never shows a secret.
func (f *TokenFetcher) String() string { return "douyin.TokenFetcher{" + f.cfg.String() + "}" }

// GoString is String: %#v must not print what %v hides.
func (f *TokenFetcher) GoString() string { return f.String() }

// FetchToken asks Douyin for a new token. Errors are *Error; errors.Is(err, ErrCredentials) when
// asking again is pointless.
func (f *TokenFetcher) FetchToken(ctx context.Context) (Token, error) {
	body, err := marshal(struct {
		AppID     string `json:"appid"`
		Secret    string `json:"secret"`
		GrantType string `json:"grant_type"`
	}{f.cfg.AppID, f.cfg.Secret, "client_credential"})
	if err != nil {
		return Token{}, &Error{Op: OpTokenFetch, Kind: Rejected, Err: err}
	}
	return f.caller.fetchToken(ctx, OpTokenFetch, pathToken, body, f.cfg.Secret)
}

// fetchToken posts a request for a token and reads data.access_token and data.expires_in.
func (c *caller) fetchToken(ctx context.Context, op, path string, body []byte, secret string) (Token, error) {
	a, err := c.post(ctx, op, path, body, secret)
	if err != nil {
		return Token{}, err
	}
	var got struct {
		Data struct {
			AccessToken string `json:"access_token"`
			ExpiresIn   Cell   `json:"expires_in"` // seconds
		} `json:"data"`
	}
	// The decoder's error is dropped: it may quote the token.
	failed := json.Unmarshal(a.body, &got) != nil
	seconds, ok := got.Data.ExpiresIn.Int()
	if failed || !ok || got.Data.AccessToken == "" || seconds <= 0 || seconds > maxTokenSeconds {
		return Token{}, &Error{Op: op, Kind: Unavailable, HTTPStatus: a.status, LogID: a.logID, Err: errNoToken}
	}
	return Token{Value: got.Data.AccessToken, ExpiresIn: time.Duration(seconds) * time.Second}, nil
}

// maxTokenSeconds: a lifetime above a year is nonsense, and a larger one would overflow a
// time.Duration.
const maxTokenSeconds = 366 * 24 * 3600
