package trade

import (
	"context"
	"errors"

	"github.com/ordersync/ordersync/douyin"
)

const pathToken = "/oauth/client_token/" //nolint:gosec // an address, not a token

// TokenFetcher fetches client_tokens. A new fetch lets the previous token die within 5 minutes, and
// more than 500 fetches in 5 minutes are refused (CLIENT-TOKEN), so nobody calls it but one shared
// cache: tokencache.Config.Purpose is tokencache.ClientToken for it.
type TokenFetcher struct {
	cfg  Config
	wire *douyin.Wire
}

// NewTokenFetcher needs AppID and Secret. It ignores cfg.Gate: who needs a token has passed the gate
// already.
func NewTokenFetcher(cfg Config) (*TokenFetcher, error) {
	if cfg.Secret == "" {
		return nil, errors.New("trade: Secret: is missing")
	}
	w, err := newWire(cfg, nil)
	if err != nil {
		return nil, err
	}
	return &TokenFetcher{cfg, w}, nil
}

// String never shows a secret.
func (f *TokenFetcher) String() string { return "trade.TokenFetcher{" + f.cfg.String() + "}" }

// GoString is String.
func (f *TokenFetcher) GoString() string { return f.String() }

// FetchToken asks Douyin for a new client_token. Errors are *douyin.Error; errors.Is(err,
// douyin.ErrCredentials) when asking again is pointless until app id or secret are corrected (10003,
// 10013).
func (f *TokenFetcher) FetchToken(ctx context.Context) (douyin.Token, error) {
	body, err := douyin.Marshal(struct {
		GrantType string `json:"grant_type"`
		Key       string `json:"client_key"`
		Secret    string `json:"client_secret"`
	}{"client_credential", f.cfg.AppID, f.cfg.Secret})
	if err != nil {
		return douyin.Token{}, &douyin.Error{Op: douyin.OpClientToken, Kind: douyin.Rejected, Err: err}
	}
	return f.wire.FetchToken(ctx, douyin.OpClientToken, pathToken, body)
}
