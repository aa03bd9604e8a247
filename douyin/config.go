package douyin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultBaseURL is Douyin's production host. The sandbox (https://open-sandbox.douyin.com) has the
// same paths.
const DefaultBaseURL = "https://developer.toutiao.com"

// DefaultTimeout bounds one HTTP exchange.
const DefaultTimeout = 10 * time.Second

// Config is what a Client and a TokenFetcher need to know. It never prints its secrets.
type Config struct {
	BaseURL      string // empty: DefaultBaseURL
	AppID        string // required
	Secret       string // of the app; the TokenFetcher needs it, the Client does not
	Salt         string // of guaranteed payment; signed calls need it, the order push does not
	NotifyURL    string // added to signed calls that name none; empty: Douyin's console setting holds
	ThirdpartyID string // the service provider's id, sent with signed calls; empty: the app acts for itself

	// HTTP sends the requests; nil: a client of our own that keeps enough connections for 200
	// handlers. Redirects are never followed, whatever this client says: they would carry the token
	// to another host.
	HTTP *http.Client
	// Timeout bounds one exchange, from connecting to the last byte of the answer; 0:
	// DefaultTimeout. One call makes at most two exchanges (a refused token) and waits for the Gate
	// and the token besides.
	Timeout time.Duration
	Now     func() time.Time // nil: time.Now
	// OnCall is told of every exchange with Douyin at its end, the fetch of a token included, for
	// logs and metrics; nil: nobody. err is nil or an *Error; took is 0 when nothing could be sent.
	// It must be safe for concurrent use.
	OnCall func(op string, took time.Duration, err error)
	Gate   Gate // nil: every call passes. A TokenFetcher does not use it: see the package comment
	// Codes overrules what a code of Douyin's (err_code, err_no) means, whatever its words. 0
	// cannot be overruled.
	Codes map[int]Kind
}

// String shows where calls go and for whom, and no secret.
func (c Config) String() string {
	return fmt.Sprintf("douyin.Config{BaseURL: %q, AppID: %q, Secret: %s, Salt: %s, NotifyURL: %q, ThirdpartyID: %q, Timeout: %s}",
		c.baseURL(), c.AppID, hint(c.Secret), hint(c.Salt), c.NotifyURL, c.ThirdpartyID, c.timeout())
}

// GoString is String: %#v must not print what %v hides.
func (c Config) GoString() string { return c.String() }

// hint tells only whether a secret is there.
func hint(secret string) string {
	if secret == "" {
		return "none"
	}
	return masked
}

func (c Config) baseURL() string {
	if c.BaseURL == "" {
		return DefaultBaseURL
	}
	return strings.TrimRight(c.BaseURL, "/")
}

func (c Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return DefaultTimeout
	}
	return c.Timeout
}

// check reports every fault of the configuration at once.
func (c Config) check() error {
	var faults []error
	u, err := url.Parse(c.baseURL())
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		faults = append(faults, errors.New("BaseURL: want http(s)://host"))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		faults = append(faults, errors.New("BaseURL: want no user, query or fragment"))
	}
	if c.AppID == "" {
		faults = append(faults, errors.New("AppID: is missing"))
	}
	if c.Timeout < 0 {
		faults = append(faults, errors.New("Timeout: is negative"))
	}
	for code, kind := range c.Codes {
		if code == 0 || kind < Unavailable || kind > Rejected {
			faults = append(faults, fmt.Errorf("Codes: %d: want a number other than 0 and one of unavailable, throttled, unauthorized, rejected", code))
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("douyin: %w", errors.Join(faults...))
	}
	return nil
}
