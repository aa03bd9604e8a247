package dev

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// underOwnName lets through what is asked of an address, of localhost, or of the host that --addr
// names. A page of another site whose name leads to this machine has that name in its requests, and
// its browser takes the answers for the site's own.
func (d *deployment) underOwnName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isOwnName(hostOf(r.Host), hostOf(d.at.douyin)) {
			http.Error(w, fmt.Sprintf("%q is no name of Douyin's side: ask an address of this machine, or the host that --addr names", r.Host), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf is the host of an address with or without a port, in small letters.
func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = strings.Trim(addr, "[]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// isOwnName tells whether a name leads nowhere but to this machine, or is the given one.
func isOwnName(name, given string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true // nobody can let an address lead elsewhere
	}
	return name != "" && (name == "localhost" || strings.HasSuffix(name, ".localhost") || name == given)
}
