package configs

import (
	"crypto/tls"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// TLS is how the connection to MySQL is encrypted; nil: as the DSN's own parameter tls says. With
// one of the files it is encrypted, and the server's certificate has to be of the DSN's host. The
// error is an *Error that names the key, and never shows the DSN.
func (m MySQL) TLS() (*tls.Config, error) {
	c, problem, ok := m.secure()
	if !ok {
		return nil, &Error{[]Problem{problem}}
	}
	return c, nil
}

func (m MySQL) secure() (c *tls.Config, problem Problem, ok bool) {
	files := certificates{"mysql", m.CAFile, m.CertFile, m.KeyFile}
	key := files.first()
	if key == "" {
		return nil, Problem{}, true
	}
	dsn, err := mysql.ParseDSN(m.DSN.Reveal())
	if err != nil { // which is said of mysql.dsn
		return nil, Problem{}, true
	}
	switch tlsOf := strings.ToLower(dsn.TLSConfig); {
	case dsn.Net == "unix":
		return nil, Problem{Key: key, Want: "is given, and mysql.dsn names a socket, which needs no TLS: want one of both"}, false
	case tlsOf == "false" || tlsOf == "0" || tlsOf == "skip-verify" || tlsOf == "preferred":
		return nil, Problem{Key: key, Want: "is given, so the server has to show its certificate: want tls=true in mysql.dsn, or no tls there"}, false
	}
	c = &tls.Config{MinVersion: tls.VersionTLS12}
	if problem, ok := files.read(c); !ok {
		return nil, problem, false
	}
	if host, _, err := net.SplitHostPort(dsn.Addr); err == nil {
		c.ServerName = host
	}
	return c, Problem{}, true
}
