package simulator

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// tokens are the access tokens handed out. Reading is lock-free: every push asks.
type tokens struct {
	mu    sync.Mutex // writers
	valid atomic.Pointer[[]token]
}

type token struct {
	value   string
	expires time.Time
}

// keptTokens bounds the list: a token fetched so many fetches ago is unknown.
const keptTokens = 64

// add makes value the current token and shortens the life of those before it.
func (t *tokens) add(value string, now time.Time, life time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := []token{{value, now.Add(life)}}
	soon := now.Add(previousTokenLife)
	for _, old := range t.list() {
		if len(next) == keptTokens {
			break
		}
		if old.expires.After(soon) {
			old.expires = soon
		}
		next = append(next, old)
	}
	t.valid.Store(&next)
}

// revoke ends every token now.
func (t *tokens) revoke(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var next []token
	for _, old := range t.list() {
		if old.expires.After(now) {
			old.expires = now
		}
		next = append(next, old)
	}
	t.valid.Store(&next)
}

func (t *tokens) list() []token {
	if p := t.valid.Load(); p != nil {
		return *p
	}
	return nil
}

// check tells what is wrong with the token of a push; nil: nothing.
func (t *tokens) check(value []byte, now time.Time) *refusal {
	for _, k := range t.list() {
		if k.value == string(value) {
			if now.Before(k.expires) {
				return nil
			}
			return &refusal{code: codeTokenExpired, words: "access_token error or expired"}
		}
	}
	return &refusal{code: codeToken, words: "access_token error"}
}

// tokenRequest is the body of POST /api/apps/v2/token.
type tokenRequest struct{ appID, secret, grantType []byte }

func (s *Server) parseToken(c *call) {
	req := &c.token
	var seen uint32
	c.bad = c.root(func(sc *scanner, key []byte) error {
		switch string(key) {
		case "appid":
			return sc.once(&seen, 1, "appid", &req.appID)
		case "secret":
			return sc.once(&seen, 2, "secret", &req.secret)
		case "grant_type":
			return sc.once(&seen, 4, "grant_type", &req.grantType)
		}
		return unknownField(key)
	})
}

// fetchToken hands out a token. Codes: 40015 appid, 40017 secret, 40020 grant_type, 1 for anything
// malformed (TOKEN: "others = missing parameter", without a number).
func (s *Server) fetchToken(c *call) int {
	req := &c.token
	refuse := func(code int, words string) int {
		c.out = appendEcpayError(c.out, code, words)
		return code
	}
	switch {
	case c.bad != nil:
		return refuse(codeTokenParameter, "parameter error: "+c.bad.Error())
	case len(req.appID) == 0 || s.cfg.AppID != "" && string(req.appID) != s.cfg.AppID:
		return refuse(40015, "bad appid")
	case len(req.secret) == 0 || s.cfg.Secret != "" && string(req.secret) != s.cfg.Secret:
		return refuse(40017, "bad secret")
	case string(req.grantType) != "client_credential":
		return refuse(40020, "bad grant_type")
	}
	value := "0801121" + strconv.FormatUint(s.random(), 16) + strconv.FormatUint(s.random(), 16)
	s.tokens.add(value, s.cfg.Now(), s.cfg.TokenTTL)
	c.out = append(c.out, `{"err_no":0,"err_tips":"success","data":{"access_token":"`...)
	c.out = append(c.out, value...)
	c.out = append(c.out, `","expires_in":`...)
	c.out = strconv.AppendInt(c.out, int64(s.cfg.TokenTTL/time.Second), 10)
	c.out = append(c.out, "}}"...)
	return 0
}

// Revoke makes every token handed out so far invalid, as Douyin does when the secret is changed.
func (s *Server) Revoke() {
	s.tokens.revoke(s.cfg.Now())
	s.trade.tokens.revoke()
}
