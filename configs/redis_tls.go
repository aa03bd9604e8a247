package configs

import (
	"crypto/tls"
	"net"
	"strings"
)

// secure gives o what TLS needs. ok is false when problem says why that cannot be.
func (r Redis) secure(o *RedisOptions) (problem Problem, ok bool) {
	socket := o.Single != nil && o.Single.Network == "unix"
	switch {
	case r.TLS && socket:
		return Problem{Key: "redis.tls", Want: "is true, and redis.uri names a socket, which speaks no TLS: want one of both"}, false
	case !r.TLS && !strings.HasPrefix(r.URI.Reveal(), "rediss://"):
		if key := (certificates{"redis", r.CAFile, r.CertFile, r.KeyFile}).first(); key != "" {
			return Problem{Key: key, Want: "is given, and the connection is not encrypted: want rediss:// in redis.uri, or redis.tls: true"}, false
		}
		return Problem{}, true
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.Single != nil && o.Single.TLSConfig != nil { // rediss:// knows the host's name
		c = o.Single.TLSConfig
	}
	files := certificates{"redis", r.CAFile, r.CertFile, r.KeyFile}
	if problem, ok := files.read(c); !ok {
		return problem, false
	}
	switch { // a client of several hosts takes each one's name from its address
	case o.Sentinel != nil:
		o.Sentinel.TLSConfig = c
	case o.Cluster != nil:
		o.Cluster.TLSConfig = c
	default:
		if host, _, err := net.SplitHostPort(o.Single.Addr); err == nil && c.ServerName == "" {
			c.ServerName = host
		}
		o.Single.TLSConfig = c
	}
	return Problem{}, true
}
