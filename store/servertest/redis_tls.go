package servertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificates are files of PEM: an authority that nobody else knows, and one certificate with its key for server and clients alike.
type Certificates struct{ CA, Cert, Key string }

// StartTLSRedis starts a Redis for this test alone that speaks TLS only and, as Redis does unless told otherwise, wants a
// certificate of its clients too. It is nil where redis-server is not installed.
func StartTLSRedis(t testing.TB) (*RedisServer, Certificates) {
	t.Helper()
	path, ok := need(t, redisServer)
	if !ok {
		return nil, Certificates{}
	}
	c := NewCertificates(t)
	s := startRedis(t, path, "--tls-port", []string{
		"--port", "0", "--tls-cert-file", c.Cert, "--tls-key-file", c.Key, "--tls-ca-cert-file", c.CA,
	}, keepsKeys)
	s.tls = c.Config(t)
	return s, c
}

// Config trusts the authority and shows the certificate.
func (c Certificates) Config(t testing.TB) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(c.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
}

// NewCertificates makes them in a directory of the test, for 127.0.0.1 and for an hour.
func NewCertificates(t testing.TB) Certificates {
	t.Helper()
	now, dir := time.Now(), t.TempDir()
	authority := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ordersync's tests"}, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server and client"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	authorityKey, leafKey := newKey(t), newKey(t)
	private, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	return Certificates{
		CA:   writePEM(t, dir, "ca.pem", "CERTIFICATE", sign(t, &authority, &authority, authorityKey, authorityKey)),
		Cert: writePEM(t, dir, "redis.pem", "CERTIFICATE", sign(t, &leaf, &authority, leafKey, authorityKey)),
		Key:  writePEM(t, dir, "redis.key", "PRIVATE KEY", private),
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, what, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, what, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func writePEM(t testing.TB, dir, name, kind string, der []byte) (path string) {
	t.Helper()
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
