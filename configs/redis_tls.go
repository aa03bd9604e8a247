package configs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
)

// secure gives o what TLS needs. ok is false when problem says why that cannot be.
func (r Redis) secure(o *RedisOptions) (problem Problem, ok bool) {
	socket := o.Single != nil && o.Single.Network == "unix"
	switch {
	case r.TLS && socket:
		return Problem{Key: "redis.tls", Want: "is true, and redis.uri names a socket, which speaks no TLS: want one of both"}, false
	case !r.TLS && !strings.HasPrefix(r.URI.Reveal(), "rediss://"):
		for _, f := range []struct{ key, path string }{
			{"redis.ca_file", r.CAFile}, {"redis.cert_file", r.CertFile}, {"redis.key_file", r.KeyFile},
		} {
			if f.path != "" {
				return Problem{Key: f.key, Want: "is given, and the connection is not encrypted: want rediss:// in redis.uri, or redis.tls: true"}, false
			}
		}
		return Problem{}, true
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.Single != nil && o.Single.TLSConfig != nil { // rediss:// knows the host's name
		c = o.Single.TLSConfig
	}
	if problem, ok := r.certificates(c); !ok {
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

// certificates reads whom we trust and who we are. Without CAFile those are trusted whom the system trusts.
func (r Redis) certificates(c *tls.Config) (problem Problem, ok bool) {
	if r.CAFile != "" {
		authorities, err := os.ReadFile(r.CAFile)
		if err != nil {
			return Problem{Key: "redis.ca_file", Want: fmt.Sprintf("cannot be read: %v", err)}, false
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(authorities) {
			return Problem{Key: "redis.ca_file", Want: "want certificates in PEM: -----BEGIN CERTIFICATE-----"}, false
		}
	}
	switch {
	case r.CertFile == "" && r.KeyFile == "":
		return Problem{}, true
	case r.KeyFile == "":
		return Problem{Key: "redis.key_file", Want: "redis.cert_file is given: want its key too"}, false
	case r.CertFile == "":
		return Problem{Key: "redis.cert_file", Want: "redis.key_file is given: want its certificate too"}, false
	}
	pair, err := tls.LoadX509KeyPair(r.CertFile, r.KeyFile)
	if err != nil {
		return Problem{Key: "redis.cert_file", Want: fmt.Sprintf("with redis.key_file: want a certificate and its key in PEM: %v", err)}, false
	}
	c.Certificates = []tls.Certificate{pair}
	return Problem{}, true
}
