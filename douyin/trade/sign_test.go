package trade

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

func signer(t testing.TB, change ...func(*SignerConfig)) *Signer {
	t.Helper()
	v := vectors(t)[0]
	cfg := SignerConfig{
		AppID: v.AppID, PrivateKey: string(file(t, "key.pem")), KeyVersion: v.KeyVersion,
		Now:   func() time.Time { return time.Unix(1764374400, 999_000_000) },
		Nonce: func() string { return v.Nonce },
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := NewSigner(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignRequestEqualsTheVector(t *testing.T) {
	v := vectors(t)[0]
	got, err := signer(t).SignRequest([]byte(v.Data))
	want := "SHA256-RSA2048 appid=tt0123456789abcdef,nonce_str=C6D3EF173181427E93F3438C7B15A71E,timestamp=1764374400,key_version=1,signature=" + v.Signature
	if err != nil || got.Data != v.Data || got.ByteAuthorization != want {
		t.Errorf("%v\n got %s\nwant %s", err, got.ByteAuthorization, want)
	}
	quoted, err := signer(t, func(c *SignerConfig) { c.Quoted = true }).SignRequest([]byte(v.Data))
	want = `SHA256-RSA2048 appid="tt0123456789abcdef",nonce_str="C6D3EF173181427E93F3438C7B15A71E",timestamp="1764374400",key_version="1",signature="` + v.Signature + `"`
	if err != nil || quoted.ByteAuthorization != want {
		t.Errorf("%v\n got %s\nwant %s", err, quoted.ByteAuthorization, want)
	}
}

func TestExplainShowsTheTextAndNoKey(t *testing.T) {
	v := vectors(t)[0]
	s := signer(t)
	e, err := s.Explain([]byte(v.Data))
	text := "POST\n/requestOrder\n1764374400\nC6D3EF173181427E93F3438C7B15A71E\n" + v.Data + "\n"
	if err != nil || e.Text != text || e.SHA256 != v.TextSHA256 || e.Signature != v.Signature || e.KeyBits != 2048 {
		t.Errorf("%v %+v", err, e)
	}
	shown := fmt.Sprintf("%v %+v %#v %v %#v %v %#v", e, e, e, s, s, s.cfg, SignerConfig{AppID: "tt1", PrivateKey: string(file(t, "key.pem"))})
	for line := range strings.Lines(string(file(t, "key.pem"))) {
		if strings.Contains(shown, strings.TrimSpace(line)) {
			t.Errorf("the key is shown: %s", shown)
		}
	}
	for _, secret := range []string{s.key.D.String(), fmt.Sprintf("%x", s.key.D), s.key.Primes[0].String()} {
		if strings.Contains(shown, secret) {
			t.Error("a number of the key is shown")
		}
	}
}

var authorization = regexp.MustCompile(`^SHA256-RSA2048 appid=tt0123456789abcdef,nonce_str=([0-9A-Za-z]{26}),timestamp=([0-9]{10}),key_version=1,signature=([0-9A-Za-z+/]{342}==)$`)

func TestEachSignatureIsFresh(t *testing.T) {
	now := time.Unix(1764374400, 0)
	s := signer(t, func(c *SignerConfig) { c.Nonce, c.Now = nil, func() time.Time { return now } })
	data := []byte(vectors(t)[0].Data)
	seen := map[string]bool{}
	for range 3 {
		got, err := s.SignRequest(data)
		m := authorization.FindStringSubmatch(got.ByteAuthorization)
		if err != nil || m == nil || seen[m[1]] || m[2] != fmt.Sprint(now.Unix()) {
			t.Fatalf("%v %s", err, got.ByteAuthorization)
		}
		seen[m[1]] = true
		sum := sha256.Sum256([]byte("POST\n/requestOrder\n" + m[2] + "\n" + m[1] + "\n" + string(data) + "\n"))
		sig, err := base64.StdEncoding.DecodeString(m[3])
		if err != nil || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], sig) != nil {
			t.Errorf("the signature is not of what is sent: %v", err)
		}
		now = now.Add(time.Second)
	}
}

func TestSignRequestRefuses(t *testing.T) {
	s := signer(t)
	for _, data := range []string{"", "\xff"} {
		if got, err := s.SignRequest([]byte(data)); err == nil || got.ByteAuthorization != "" {
			t.Errorf("%q was signed", data)
		}
	}
	for _, nonce := range []string{"", "a,b", "a=b", "a\nb", `a"b`} {
		s := signer(t, func(c *SignerConfig) { c.Nonce = func() string { return nonce } })
		if _, err := s.SignRequest([]byte("{}")); err == nil {
			t.Errorf("the nonce %q was taken", nonce)
		}
	}
}

func TestNewSignerNamesEveryFault(t *testing.T) {
	_, err := NewSigner(SignerConfig{AppID: "tt,1", PrivateKey: "not-a-key!", KeyVersion: "v1"})
	for _, want := range []string{"private key: is neither PEM nor base64", "AppID", "KeyVersion"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "not-a-key") {
		t.Errorf("the key's text is quoted: %v", err)
	}
	for _, version := range []string{"", "0", "-1", "1.0"} {
		if _, err := NewSigner(SignerConfig{AppID: "tt1", PrivateKey: string(file(t, "key.pem")), KeyVersion: version}); err == nil {
			t.Errorf("key_version %q was taken", version)
		}
	}
}

func frame(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func der(t *testing.T) func(der []byte, err error) []byte {
	return func(der []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
}

func TestParseKeys(t *testing.T) {
	key, err := ParsePrivateKey(string(file(t, "key.pem")))
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := der(t)
	one, eight, public := x509.MarshalPKCS1PrivateKey(key), d(x509.MarshalPKCS8PrivateKey(key)), d(x509.MarshalPKIXPublicKey(&key.PublicKey))
	curved := d(x509.MarshalPKCS8PrivateKey(curve))
	bare := base64.StdEncoding.EncodeToString
	for name, text := range map[string]string{
		"PKCS#1": frame("RSA PRIVATE KEY", one), "PKCS#8": frame("PRIVATE KEY", eight), "bare PKCS#1": bare(one), "bare PKCS#8": bare(eight),
		"Windows": strings.ReplaceAll(frame("PRIVATE KEY", eight), "\n", "\r\n") + "\r\n", "bare lines": bare(eight)[:64] + "\n" + bare(eight)[64:],
	} {
		if got, err := ParsePrivateKey(text); err != nil || !got.Equal(key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"PUBLIC KEY": frame("PUBLIC KEY", public), "RSA PUBLIC KEY": frame("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey)), "bare": bare(public),
	} {
		if got, err := ParsePublicKey(text); err != nil || !got.Equal(&key.PublicKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, text := range map[string]string{
		"is missing":             " \n",
		"public key: the app's":  frame("PUBLIC KEY", public),
		"passphrase":             frame("ENCRYPTED PRIVATE KEY", eight),
		"certificate":            frame("CERTIFICATE", public),
		"an RSA key is needed":   frame("PRIVATE KEY", curved),
		"neither PKCS#1":         frame("PRIVATE KEY", one[:100]),
		"line breaks":            strings.ReplaceAll(frame("PRIVATE KEY", eight), "\n", `\n`),
		"something after":        frame("PRIVATE KEY", eight) + frame("PRIVATE KEY", eight),
		"neither PEM nor base64": "~~~",
	} {
		if _, err := ParsePrivateKey(text); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 200 {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	old := frame("RSA PRIVATE KEY", one)
	old = strings.Replace(old, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1)
	if _, err := ParsePrivateKey(old); err == nil || !strings.Contains(err.Error(), "passphrase") {
		t.Error(err)
	}
	for want, text := range map[string]string{
		"private key: Douyin's": frame("PRIVATE KEY", eight),
		"an RSA key is needed":  frame("PUBLIC KEY", d(x509.MarshalPKIXPublicKey(&curve.PublicKey))),
		"no public key":         bare([]byte("nonsense")),
	} {
		if _, err := ParsePublicKey(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePrivateKey(frame("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small))); err == nil || !strings.Contains(err.Error(), "1024 bits") {
		t.Error(err)
	}
	if !signer(t).Owns(&key.PublicKey) || signer(t).Owns(&small.PublicKey) {
		t.Error("Owns")
	}
}
