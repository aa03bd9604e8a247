package configs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pemFiles are a certificate of net/http/httptest's, which is its own authority, its key, and a file of neither.
func pemFiles(t *testing.T) (cert, key, neither string) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	private, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})),
		write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		write("neither", []byte("hunter2"))
}

func TestEveryKindOfRedisCanSpeakTLS(t *testing.T) {
	cert, key, _ := pemFiles(t)
	for name, r := range map[string]Redis{
		"rediss":              {URI: "rediss://redis.example.com"},
		"redis and redis.tls": {URI: "redis://redis.example.com", TLS: true},
		"sentinel":            {URI: "redis-sentinel://h?master=m", TLS: true},
		"cluster":             {ClusterAddrs: []string{"h:1"}, TLS: true},
	} {
		r.CAFile, r.CertFile, r.KeyFile = cert, cert, key
		o, err := r.Options()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var c *tls.Config
		host := "" // of several, each address tells it
		switch {
		case o.Single != nil:
			c, host = o.Single.TLSConfig, "redis.example.com"
		case o.Sentinel != nil:
			c = o.Sentinel.TLSConfig
		default:
			c = o.Cluster.TLSConfig
		}
		if c == nil || c.RootCAs == nil || len(c.Certificates) != 1 || c.MinVersion < tls.VersionTLS12 || c.InsecureSkipVerify || c.ServerName != host {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if o, err := (Redis{URI: "rediss://h"}).Options(); err != nil || o.Single.TLSConfig.RootCAs != nil {
		t.Errorf("without ca_file: %v; want whom the system trusts", err)
	}
}

func TestWhatTLSCannotWorkWithIsNamedByItsKey(t *testing.T) {
	cert, key, neither := pemFiles(t)
	for _, tt := range []struct {
		redis Redis
		want  string
	}{
		{Redis{URI: "redis://h", CAFile: cert}, "redis.ca_file: is given, and the connection is not encrypted: want rediss:// in redis.uri, or redis.tls: true"},
		{Redis{ClusterAddrs: []string{"h:1"}, CertFile: cert, KeyFile: key}, "redis.cert_file: is given, and the connection is not encrypted"},
		{Redis{URI: "redis-sentinel://h?master=m", KeyFile: key}, "redis.key_file: is given, and the connection is not encrypted"},
		{Redis{URI: "unix:///run/redis.sock", TLS: true}, "redis.tls: is true, and redis.uri names a socket"},
		{Redis{URI: "rediss://h", CAFile: neither + ".not"}, "redis.ca_file: cannot be read: open "},
		{Redis{URI: "rediss://h", CAFile: neither}, "redis.ca_file: want certificates in PEM"},
		{Redis{URI: "rediss://h", CAFile: key}, "redis.ca_file: want certificates in PEM"},
		{Redis{URI: "rediss://h", CertFile: cert}, "redis.key_file: redis.cert_file is given: want its key too"},
		{Redis{URI: "rediss://h", KeyFile: key}, "redis.cert_file: redis.key_file is given: want its certificate too"},
		{Redis{URI: "rediss://h", CertFile: neither, KeyFile: key}, "redis.cert_file: with redis.key_file: want a certificate and its key in PEM"},
	} {
		_, err := tt.redis.Options()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error = %v, want %q", err, tt.want)
		}
	}
}

func TestLoadSaysWhichFileOfTLSIsWrong(t *testing.T) {
	_, err := Load("", []string{"ORDERSYNC_REDIS__URI=rediss://h", "ORDERSYNC_REDIS__CA_FILE=/nowhere/ca.pem"})
	if err == nil || !strings.Contains(err.Error(), "redis.ca_file (ORDERSYNC_REDIS__CA_FILE): cannot be read") {
		t.Errorf("error = %v", err)
	}
}
