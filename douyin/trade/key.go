package trade

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// The sizes of keys that are taken, in bits. Douyin's scheme is named after 2048.
const (
	minKeyBits = 2048
	maxKeyBits = 8192
)

// ParsePrivateKey reads the app's RSA key: PEM of PKCS#1 (RSA PRIVATE KEY) or PKCS#8 (PRIVATE KEY),
// or the base64 of either without its frame, as some tools show it. The error says what was found
// instead and never quotes the text.
func ParsePrivateKey(text string) (*rsa.PrivateKey, error) {
	frame, der, err := decodeKey(text)
	if err != nil {
		return nil, fmt.Errorf("trade: private key: %w", err)
	}
	key, err := privateKey(frame, der)
	if err != nil {
		return nil, fmt.Errorf("trade: private key: %w", err)
	}
	if bits := key.N.BitLen(); bits < minKeyBits || bits > maxKeyBits {
		return nil, fmt.Errorf("trade: private key: has %d bits, want %d", bits, minKeyBits)
	}
	return key, nil
}

func privateKey(frame string, der []byte) (*rsa.PrivateKey, error) {
	switch {
	case strings.Contains(frame, "ENCRYPTED"):
		return nil, errors.New("is protected by a passphrase: store it without one")
	case strings.Contains(frame, "PUBLIC"):
		return nil, errors.New("is a public key: the app's private one is needed")
	case strings.Contains(frame, "CERTIFICATE"):
		return nil, errors.New("is a certificate: the app's private key is needed")
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil { // its words may name bytes of the key
		return nil, errors.New("is neither PKCS#1 nor PKCS#8 of an RSA key")
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("is a %T: an RSA key is needed", parsed)
	}
	return key, nil
}

// ParsePublicKey reads Douyin's public key of the app, as the console shows it: PEM (PUBLIC KEY, or
// RSA PUBLIC KEY), or its base64 without the frame.
func ParsePublicKey(text string) (*rsa.PublicKey, error) {
	frame, der, err := decodeKey(text)
	if err != nil {
		return nil, fmt.Errorf("trade: platform key: %w", err)
	}
	key, err := publicKey(frame, der)
	if err != nil {
		return nil, fmt.Errorf("trade: platform key: %w", err)
	}
	if bits := key.N.BitLen(); bits < minKeyBits || bits > maxKeyBits {
		return nil, fmt.Errorf("trade: platform key: has %d bits, want %d", bits, minKeyBits)
	}
	return key, nil
}

func publicKey(frame string, der []byte) (*rsa.PublicKey, error) {
	switch {
	case strings.Contains(frame, "PRIVATE"):
		return nil, errors.New("is a private key: Douyin's public key is needed")
	case strings.Contains(frame, "CERTIFICATE"):
		return nil, errors.New("is a certificate: Douyin's public key is needed")
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errors.New("is no public key of RSA")
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("is a %T: an RSA key is needed", parsed)
	}
	return key, nil
}

// decodeKey reads one block of PEM, or base64 without a frame.
func decodeKey(text string) (frame string, der []byte, err error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", nil, errors.New("is missing")
	case strings.HasPrefix(text, "-----"):
		block, rest := pem.Decode([]byte(text))
		switch {
		case block == nil:
			return "", nil, errors.New("is broken PEM: were its line breaks lost?")
		case len(block.Headers) > 0: // Proc-Type and DEK-Info
			return "ENCRYPTED", nil, nil
		case strings.TrimSpace(string(rest)) != "":
			return "", nil, errors.New("has something after its PEM block")
		}
		return block.Type, block.Bytes, nil
	}
	der, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil { // its words may quote the text
		return "", nil, errors.New("is neither PEM nor base64")
	}
	return "", der, nil
}
