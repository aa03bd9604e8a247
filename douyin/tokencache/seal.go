package tokencache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
)

// sealer hides tokens from whoever can read Redis. Its keys come from the app's secret
// (HKDF-SHA256).
type sealer struct {
	aead        cipher.AEAD
	nameKey     []byte
	fingerprint string // of app id and secret, for the names of keys
}

func newSealer(appID, secret, purpose string) (sealer, error) {
	keys, err := hkdf.Key(sha256.New, []byte(secret), []byte(appID), "ordersync token cache v1"+purpose, 32+32+4)
	if err != nil {
		return sealer{}, fmt.Errorf("tokencache: %w", err)
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return sealer{}, fmt.Errorf("tokencache: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sealer{}, fmt.Errorf("tokencache: %w", err)
	}
	return sealer{aead: aead, nameKey: keys[32:64], fingerprint: hex.EncodeToString(keys[64:])}, nil
}

func (s sealer) seal(token string) string {
	return base64.RawStdEncoding.EncodeToString(s.aead.Seal(nil, nil, []byte(token), nil)) //nolint:gosec // this AEAD draws its own random nonce
}

// open answers "" for what nobody with this secret has sealed.
func (s sealer) open(sealed string) string {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return ""
	}
	token, err := s.aead.Open(nil, nil, raw, nil)
	if err != nil {
		return ""
	}
	return string(token)
}

// name is a token's name inside Redis, for "is it still this one?". It tells nothing about the
// token.
func (s sealer) name(token string) string {
	mac := hmac.New(sha256.New, s.nameKey)
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}
