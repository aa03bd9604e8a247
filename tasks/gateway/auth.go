package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
)

// hashTokens refuses a token that no Authorization header could carry; above all the empty one,
// which would open the API. The error does not show the token.
func hashTokens(tokens []string) ([][32]byte, error) {
	hashes := make([][32]byte, 0, len(tokens))
	for _, token := range tokens {
		if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, errors.New("gateway: a token is empty or has characters other than visible ASCII")
		}
		hashes = append(hashes, sha256.Sum256([]byte(token)))
	}
	return hashes, nil
}

// admit lets a request for the API pass or says why not.
func (g *Gateway) admit(w http.ResponseWriter, r *http.Request) error {
	if len(g.tokens) == 0 {
		return g.admitBare(r)
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && g.isToken(strings.TrimSpace(token)) {
		return nil
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="ordersync"`)
	return &Problem{Status: http.StatusUnauthorized, Detail: "want the header Authorization: Bearer <token> with a token of gateway.tokens"}
}

// admitBare is admit without tokens: only a program of this machine may ask, and only while no
// money can be moved from outside.
func (g *Gateway) admitBare(r *http.Request) error {
	if g.cfg.TokensNeeded != "" {
		return forbidden("the API wants a token as soon as " + g.cfg.TokensNeeded + " is set: set gateway.tokens")
	}
	if name := proxyHeader(r.Header); name != "" {
		return forbidden("without tokens the API answers nobody behind a proxy (found the header " + name + "): set gateway.tokens")
	}
	if !loopbackHost(hostOf(r)) {
		return forbidden("without tokens the API answers only requests for localhost")
	}
	if g.guard.Check(r) != nil {
		return forbidden("a page of another site may not use the API")
	}
	return nil
}

func forbidden(detail string) *Problem {
	return &Problem{Status: http.StatusForbidden, Detail: detail}
}

// proxyHeader is the first header, in the order of the alphabet, that only a proxy adds; empty:
// none is there. A proxy that adds none (nginx with its defaults) cannot be told from a program of
// this machine, which is why Config.TokensNeeded is there.
func proxyHeader(h http.Header) string {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		switch {
		case name == "Forwarded", name == "Via", name == "X-Real-Ip", strings.HasPrefix(name, "X-Forwarded-"):
			return name
		}
	}
	return ""
}

func (g *Gateway) isToken(token string) bool {
	hash := sha256.Sum256([]byte(token))
	found := 0
	for i := range g.tokens { // all of them, whichever fits
		found |= subtle.ConstantTimeCompare(hash[:], g.tokens[i][:])
	}
	return found == 1
}

func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return strings.Trim(r.Host, "[]")
}
