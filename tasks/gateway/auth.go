package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"
)

// hashTokens refuses a token that no Authorization header could carry; above all the empty one, which would open the API.
// The error does not show the token.
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
		if !loopbackHost(hostOf(r)) {
			return &Problem{Status: http.StatusForbidden, Detail: "without tokens the API answers only requests for localhost"}
		}
		if err := g.guard.Check(r); err != nil {
			return &Problem{Status: http.StatusForbidden, Detail: "a page of another site may not use the API"}
		}
		return nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && g.known(strings.TrimSpace(token)) {
		return nil
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="ordersync"`)
	return &Problem{Status: http.StatusUnauthorized, Detail: "want the header Authorization: Bearer <token> with a token of gateway.tokens"}
}

func (g *Gateway) known(token string) bool {
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
