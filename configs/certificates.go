package configs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// certificates are the files of TLS under one group of keys: whom we trust and who we are.
type certificates struct{ group, ca, cert, key string }

// first is the first key that is given; empty: none is.
func (f certificates) first() string {
	for _, given := range []struct{ key, path string }{{"ca_file", f.ca}, {"cert_file", f.cert}, {"key_file", f.key}} {
		if given.path != "" {
			return f.group + "." + given.key
		}
	}
	return ""
}

// read reads the files into c. Without an authority of its own those are trusted whom the system
// trusts. ok is false when problem says why that cannot be.
func (f certificates) read(c *tls.Config) (problem Problem, ok bool) {
	wrong := func(key, format string, args ...any) (Problem, bool) {
		return Problem{Key: f.group + "." + key, Want: fmt.Sprintf(format, args...)}, false
	}
	if f.ca != "" {
		authorities, err := os.ReadFile(f.ca)
		if err != nil {
			return wrong("ca_file", "cannot be read: %v", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(authorities) {
			return wrong("ca_file", "want certificates in PEM: -----BEGIN CERTIFICATE-----")
		}
	}
	switch {
	case f.cert == "" && f.key == "":
		return Problem{}, true
	case f.key == "":
		return wrong("key_file", "%s.cert_file is given: want its key too", f.group)
	case f.cert == "":
		return wrong("cert_file", "%s.key_file is given: want its certificate too", f.group)
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return wrong("cert_file", "with %s.key_file: want a certificate and its key in PEM: %v", f.group, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return Problem{}, true
}
