package simulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Trade is how the second generation (trade_basic) behaves. The zero value is usable: the platform
// has a key made for this run, and no signature of the app is right before its key is known.
type Trade struct {
	// AppKey is the public key that the app has uploaded. nil: none, so requestOrder refuses.
	AppKey *rsa.PublicKey
	// KeyVersion is what the console shows for AppKey. Empty: every key_version is taken.
	KeyVersion string
	// PlatformKey signs the callbacks. nil: one is made when it is first needed.
	PlatformKey *rsa.PrivateKey

	// ExtensionURL is where pre_create_refund goes. Empty: Config.NotifyURL. Without both a refund
	// of the buyer hangs until its deadline.
	ExtensionURL string
	// AnswerTime is how long an answer to pre_create_refund is awaited. 0: one second. UNCONFIRMED:
	// Douyin's own bound is not published.
	AnswerTime time.Duration
	// AuditWindow is how long a refund waits for its answer and its audit before Douyin agrees. 0: 72
	// hours times Config.RedeliveryScale.
	AuditWindow time.Duration
	// DeniedStatus is the refund_status after an audit that said no. Empty: FAIL. UNCONFIRMED: it may
	// stay PROCESSING.
	DeniedStatus Status

	// SettleAfter is how long after the payment (or, where the goods are fulfilled, after that) an
	// order can be settled. 0: at once. The real cycle is 7 days for most goods.
	SettleAfter time.Duration
	// AutoSettle lets Douyin settle each order by itself after SettleAfter, and refuses settle_create
	// (23117).
	AutoSettle bool

	// FulfilStates are the three states of fulfilment, first to last. Empty: WAITING, FULFILLING,
	// FULFILLED. UNCONFIRMED: no copy has Douyin's own words; tag_query tells these.
	FulfilStates [3]string
	// TokenCode is err_no of a call with a bad token. 0: 28001003 for an unknown one, 28001008 for an
	// expired one. UNCONFIRMED for trade_basic.
	TokenCode int
}

const auditWindow = 72 * time.Hour

func (t Trade) withDefaults(scale float64) Trade {
	if t.AnswerTime <= 0 {
		t.AnswerTime = time.Second
	}
	if t.AuditWindow <= 0 {
		t.AuditWindow = time.Duration(float64(auditWindow) * scale)
	}
	if t.DeniedStatus == "" {
		t.DeniedStatus = Failed
	}
	for i, word := range [3]string{"WAITING", "FULFILLING", "FULFILLED"} {
		if t.FulfilStates[i] == "" {
			t.FulfilStates[i] = word
		}
	}
	return t
}

// keyBits is the size that the name of the signature promises.
const keyBits = 2048

var errKeySize = fmt.Errorf("simulator: want an RSA key of %d bits", keyBits)

// ParseAppKey reads an RSA public key of 2048 bits in PEM, as SubjectPublicKeyInfo or PKCS#1.
func ParseAppKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("simulator: the app's key: want a public key in PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, fmt.Errorf("simulator: the app's key: want a public key, got a block of type %q", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("simulator: the app's key: %w", err)
	}
	public, ok := key.(*rsa.PublicKey)
	if !ok || public.N.BitLen() != keyBits {
		return nil, errKeySize
	}
	return public, nil
}

// ParsePlatformKey reads an RSA private key of 2048 bits in PEM, PKCS#1 or PKCS#8.
func ParsePlatformKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("simulator: the platform's key: want a private key in PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("simulator: the platform's key: want a private key, got a block of type %q", block.Type)
	}
	if err != nil {
		return nil, errors.New("simulator: the platform's key does not parse") // its bytes stay out of the words
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok || private.N.BitLen() != keyBits {
		return nil, errKeySize
	}
	return private, nil
}

// platformKey is the key of the callbacks, made when it is first needed.
func (s *Server) platformKey() *rsa.PrivateKey {
	s.trade.keyOnce.Do(func() {
		if s.trade.key = s.cfg.Trade.PlatformKey; s.trade.key != nil {
			return
		}
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			panic("simulator: no key for the platform: " + err.Error()) // crypto/rand never fails
		}
		s.trade.key = key
	})
	return s.trade.key
}

// PlatformKey is the public key that verifies the callbacks of trade, in PEM.
func (s *Server) PlatformKey() string {
	der, err := x509.MarshalPKIXPublicKey(&s.platformKey().PublicKey)
	if err != nil {
		panic("simulator: the platform's public key does not marshal: " + err.Error())
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// SetAppKey uploads another public key of the app, as its owner does in the console. From now on
// only signatures of that key and version are right; an empty version takes every one.
func (s *Server) SetAppKey(key *rsa.PublicKey, version string) {
	s.trade.mu.Lock()
	defer s.trade.mu.Unlock()
	s.trade.appKey, s.trade.keyVersion = key, version
}
