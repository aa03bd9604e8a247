package trade

import (
	"fmt"
	"net/http"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

// DefaultBaseURL is Douyin's production host of the trade calls and of the client_token. The sandbox
// is https://open-sandbox.douyin.com.
const DefaultBaseURL = "https://open.douyin.com"

// Config is what a Client and a TokenFetcher need to know. It never prints its secret.
type Config struct {
	BaseURL   string // empty: DefaultBaseURL
	AppID     string // required; it is the client_key as well
	Secret    string // of the app; the TokenFetcher needs it, the Client only hides it
	NotifyURL string // of refunds and settlements that name none; empty: Douyin's console setting holds

	// HTTP, Timeout, Now, OnCall, Gate and Codes are as in douyin.Config.
	HTTP    *http.Client
	Timeout time.Duration
	Now     func() time.Time
	OnCall  func(op string, took time.Duration, err error)
	Gate    douyin.Gate
	Codes   map[int]douyin.Kind
}

func (c Config) wire() douyin.Config {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	return douyin.Config{
		BaseURL: c.BaseURL, AppID: c.AppID, Secret: c.Secret, NotifyURL: c.NotifyURL,
		HTTP: c.HTTP, Timeout: c.Timeout, Now: c.Now, OnCall: c.OnCall, Gate: c.Gate, Codes: c.Codes,
	}
}

// String shows where calls go and for whom, and no secret.
func (c Config) String() string { return "trade: " + c.wire().String() }

// GoString is String: %#v must not print what %v hides.
func (c Config) GoString() string { return c.String() }

func newWire(cfg Config, tokens douyin.Tokens) (*douyin.Wire, error) {
	w, err := douyin.NewWire(cfg.wire(), rules, tokens)
	if err != nil {
		return nil, fmt.Errorf("trade: %w", err)
	}
	return w, nil
}
