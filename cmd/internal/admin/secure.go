package admin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// CookieRule says when the session cookie is Secure, which means that a browser sends it over https alone. The zero value is
// CookieAuto.
type CookieRule uint8

const (
	// CookieAuto: Secure, unless the browser asked this very machine (localhost, 127.0.0.1, [::1], as through an SSH tunnel or
	// kubectl port-forward), where nobody listens on the way.
	CookieAuto CookieRule = iota
	// CookieAlways is for a proxy with TLS that asks us as localhost and does not say that it was asked over https.
	CookieAlways
	// CookieNever is for plain http on a private network: whoever listens there can take a sign-in over.
	CookieNever
)

// secure tells whether the cookie of this request's session is Secure. See "Why a proxy's word counts in one direction only".
func (a *Admin) secure(r *http.Request) bool {
	switch a.cfg.Cookie {
	case CookieAlways:
		return true
	case CookieNever:
		return false
	default:
		return !isLocal(r.Host) || saysHTTPS(r)
	}
}

// isLocal tells whether a Host header names the machine on which the browser runs.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// saysHTTPS tells whether the connection is TLS, or somebody claims that it was.
func saysHTTPS(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(strings.TrimSpace(r.Header.Get("X-Forwarded-Proto")), "https")
}

// keepsNoCookie tells whether the browser most likely asked over plain http and so will not keep a Secure cookie: browsers send
// Sec-Fetch-Site to https and to localhost only (Fetch Metadata, §4).
func (a *Admin) keepsNoCookie(r *http.Request) bool {
	return a.secure(r) && !saysHTTPS(r) && r.Header.Get("Sec-Fetch-Site") == ""
}
