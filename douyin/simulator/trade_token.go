package simulator

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// Codes of the client token, in data.error_code, and of calls with a bad one, in err_no.
const (
	codeClientParameter = 10002 // a parameter is missing
	codeClientKey       = 10003 // client_key unknown
	codeClientSecret    = 10013 // client_key or client_secret wrong
	codeClientOften     = 10020 // more than 500 calls in 5 minutes
	codeClientSystem    = 2100004
	codeTradeToken      = 28001003 // token invalid
	codeTradeTokenOld   = 28001008 // token expired
)

// How often an app may fetch a client token.
const (
	mostTokenFetches = 500
	tokenFetchWindow = 5 * time.Minute
)

// clientTokens are the client tokens of all apps. Only the newest two of an app are alive.
type clientTokens struct {
	mu      sync.Mutex
	byApp   map[string][]token // newest first
	dead    map[string]string  // value to app: was handed out once
	fetches map[string][]time.Time
}

func newClientTokens() *clientTokens {
	return &clientTokens{byApp: map[string][]token{}, dead: map[string]string{}, fetches: map[string][]time.Time{}}
}

// count takes note of one fetch and tells whether the app fetches too often.
func (t *clientTokens) count(app string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.DeleteFunc(t.fetches[app], func(at time.Time) bool { return now.Sub(at) >= tokenFetchWindow })
	if len(list) < mostTokenFetches {
		t.fetches[app] = append(list, now)
		return false
	}
	t.fetches[app] = list
	return true
}

// add makes value the app's current token; the one before lives five more minutes, older ones end.
func (t *clientTokens) add(app, value string, now time.Time, life time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := []token{{value, now.Add(life)}}
	for i, old := range t.byApp[app] {
		if soon := now.Add(previousTokenLife); old.expires.After(soon) {
			old.expires = soon
		}
		if i == 0 {
			next = append(next, old)
		} else {
			t.bury(old.value, app)
		}
	}
	t.byApp[app] = next
}

// bury remembers a token that has ended, so that it is told from one that never was. The caller
// holds the lock.
func (t *clientTokens) bury(value, app string) {
	const most = 10_000
	if len(t.dead) >= most {
		clear(t.dead)
	}
	t.dead[value] = app
}

// revoke ends every token now.
func (t *clientTokens) revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for app, list := range t.byApp {
		for _, old := range list {
			t.bury(old.value, app)
		}
	}
	clear(t.byApp)
}

// owner is the app of a token, or the code that refuses it.
func (t *clientTokens) owner(value string, now time.Time) (app string, code int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for app, list := range t.byApp {
		for _, k := range list {
			if k.value != value {
				continue
			}
			if now.Before(k.expires) {
				return app, 0
			}
			return "", codeTradeTokenOld
		}
	}
	if _, was := t.dead[value]; was {
		return "", codeTradeTokenOld
	}
	return "", codeTradeToken
}

var clientTokenRules = []fieldRule{
	{"grant_type", true, isOneOfTexts("client_credential")},
	{"client_key", true, isText(1, 64)},
	{"client_secret", true, isText(1, 128)},
}

// clientTokenData is data of the token's answer, also when it is refused.
type clientTokenData struct {
	AccessToken string `json:"access_token,omitempty"`
	Description string `json:"description"`
	ErrorCode   int    `json:"error_code"`
	ExpiresIn   int64  `json:"expires_in,omitempty"` // seconds
}

type clientTokenAnswer struct {
	Data    clientTokenData `json:"data"`
	Message string          `json:"message"`
}

// appendClientTokenError is the envelope of a refused fetch.
func appendClientTokenError(b []byte, code int, words string) []byte {
	return appendJSON(b, clientTokenAnswer{clientTokenData{Description: words, ErrorCode: code}, "error"})
}

// fetchClientToken answers /oauth/client_token/.
func (s *Server) fetchClientToken(c *call) int {
	refuse := func(code int, words string) int {
		c.out = appendClientTokenError(c.out, code, words)
		return code
	}
	if c.bad != nil {
		return refuse(codeClientParameter, "参数错误: "+c.bad.Error())
	}
	app, now := c.tree.str("client_key"), s.cfg.Now()
	if s.trade.tokens.count(app, now) {
		s.trade.mu.Lock()
		s.trade.notice(TokenFlood, "", "", strconv.Itoa(mostTokenFetches)+" fetches of the client token in 5 minutes, and one more")
		s.trade.mu.Unlock()
		return refuse(codeClientOften, "请求过于频繁")
	}
	if f := c.tree.obey(clientTokenRules); f != nil {
		return refuse(codeClientParameter, "参数错误: "+f.text())
	}
	switch {
	case s.cfg.AppID != "" && app != s.cfg.AppID:
		return refuse(codeClientKey, "client_key不存在")
	case s.cfg.Secret != "" && c.tree.str("client_secret") != s.cfg.Secret:
		return refuse(codeClientSecret, "client_key或client_secret错误")
	}
	fresh := "clt." + strconv.FormatUint(s.random(), 16) + strconv.FormatUint(s.random(), 16)
	s.trade.tokens.add(app, fresh, now, s.cfg.TokenTTL)
	c.out = appendJSON(c.out, clientTokenAnswer{clientTokenData{AccessToken: fresh, ExpiresIn: int64(s.cfg.TokenTTL / time.Second)}, "success"})
	return 0
}
