package servertest

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
)

// busOffset lies between the port of a cluster's node and the one on which the nodes talk.
const busOffset = 10_000

// freePort asks the system for a port that nobody uses now, and whose port of the cluster's bus is free too.
func freePort() (uint16, error) {
	for range 100 {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return 0, err
		}
		port := netip.MustParseAddrPort(l.Addr().String()).Port()
		bus, busErr := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port) + busOffset})
		if busErr == nil {
			busErr = bus.Close()
		}
		if err := l.Close(); err != nil || busErr == nil {
			return port, err
		}
	}
	return 0, errors.New("no free port whose cluster bus is free too")
}

func loopback(port uint16) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))) }
