package gateway

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

var errOpen = errors.New("gateway: no tokens, and the address is not loopback: set gateway.tokens, or bind gateway.addr to 127.0.0.1")

// CheckAddr refuses an address on which an API without tokens would be open to others. With tokens
// every address is right. The error says what to set.
func CheckAddr(addr string, tokens []string) error {
	if len(tokens) > 0 || IsLoopback(addr) {
		return nil
	}
	return fmt.Errorf("%w (found %q)", errOpen, addr)
}

// IsLoopback tells whether "host:port" can be reached from this machine only. An empty host
// (":8080") means every interface. Of names only localhost is taken for loopback: what another name
// means can change after it was asked.
func IsLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && loopbackHost(host)
}

func loopbackHost(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
