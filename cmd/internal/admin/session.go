package admin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"sync"
	"time"
)

// sessionLife is how long a sign-in lasts: a working day.
const sessionLife = 12 * time.Hour

// Who is signed in.
type Who struct {
	Name    string
	Role    Role
	Address string // from where
}

type whoKey struct{}

// SignedIn is the user of a request that Handle let through; ok is false outside of one.
func SignedIn(ctx context.Context) (who Who, ok bool) {
	who, ok = ctx.Value(whoKey{}).(Who)
	return who, ok
}

const (
	idBytes    = 16
	headBytes  = idBytes + 8 // id, expiry in Unix seconds
	maxCookie  = 512
	cookieName = "ordersync_session"
)

type sessionID [idBytes]byte

// sessions signs and reads the cookie: base64url(id, expiry, name, HMAC-SHA256 of these). The key lives as long as the process.
type sessions struct {
	key []byte

	mu    sync.Mutex
	ended map[sessionID]time.Time // signed out before their expiry
}

func newSessions() *sessions {
	s := &sessions{key: make([]byte, sha256.Size), ended: map[sessionID]time.Time{}}
	_, _ = rand.Read(s.key) // never fails: crypto/rand ends the process instead
	return s
}

func (s *sessions) sign(name string, now time.Time) (cookie string, expires time.Time) {
	expires = now.Add(sessionLife)
	body := make([]byte, idBytes, headBytes+len(name)+sha256.Size)
	_, _ = rand.Read(body)
	body = binary.BigEndian.AppendUint64(body, uint64(expires.Unix())) // after 1970
	body = append(body, name...)
	return base64.RawURLEncoding.EncodeToString(append(body, s.mac(body)...)), expires
}

// read is the name that a cookie was signed for. ok is false for one that is forged, expired or signed out.
func (s *sessions) read(cookie string, now time.Time) (name string, id sessionID, ok bool) {
	if len(cookie) > maxCookie {
		return "", id, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(raw) < headBytes+sha256.Size {
		return "", id, false
	}
	body, mac := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	if !hmac.Equal(mac, s.mac(body)) {
		return "", id, false
	}
	id = sessionID(body)
	expires := int64(binary.BigEndian.Uint64(body[idBytes:])) // signed by us
	s.mu.Lock()
	_, ended := s.ended[id]
	s.mu.Unlock()
	return string(body[headBytes:]), id, !ended && now.Unix() < expires
}

// end signs a session out.
func (s *sessions) end(id sessionID, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, until := range s.ended {
		if now.After(until) {
			delete(s.ended, old)
		}
	}
	s.ended[id] = now.Add(sessionLife)
}

func (s *sessions) mac(body []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(body)
	return h.Sum(nil)
}

// cookie is the session cookie that answers r; an empty value with a past expiry takes it away.
func (a *Admin) cookie(r *http.Request, value string, expires time.Time) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieName(r), Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: a.secure(r), SameSite: http.SameSiteStrictMode,
	}
}

// cookieName: browsers take a __Host- cookie only over https and from this very host, so where it is asked for, no page of a
// neighbour and nobody on the way can plant one.
func (a *Admin) cookieName(r *http.Request) string {
	if a.secure(r) {
		return "__Host-" + cookieName
	}
	return cookieName
}

// whoIs reads the session of a request. The role is that of the configuration, not of the cookie.
func (a *Admin) whoIs(r *http.Request) (who Who, id sessionID, ok bool) {
	c, err := r.Cookie(a.cookieName(r))
	if err != nil {
		return Who{}, id, false
	}
	name, id, ok := a.sessions.read(c.Value, a.cfg.Now())
	if !ok {
		return Who{}, id, false
	}
	u, ok := a.cfg.Users[name]
	return Who{name, u.Role, address(r)}, id, ok
}
