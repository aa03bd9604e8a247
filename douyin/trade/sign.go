package trade

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	scheme     = "SHA256-RSA2048"
	requestURI = "/requestOrder"
)

// SignerConfig is what a Signer needs. It never prints the key.
type SignerConfig struct {
	AppID      string           // required
	PrivateKey string           // required: what ParsePrivateKey takes
	KeyVersion string           // required: the number that the console shows beside the uploaded public key
	Quoted     bool             // byteAuthorization with quotes around its values; Douyin takes both (TRADE-SIGN, TRADE-ORDER)
	Now        func() time.Time // nil: time.Now
	Nonce      func() string    // nil: 26 random letters and digits
}

// String shows no key.
func (c SignerConfig) String() string {
	return fmt.Sprintf("trade.SignerConfig{AppID: %q, KeyVersion: %q, Quoted: %t}", c.AppID, c.KeyVersion, c.Quoted)
}

// GoString is String: %#v must not print what %v hides.
func (c SignerConfig) GoString() string { return c.String() }

// Signer signs data for tt.requestOrder. It is safe for concurrent use.
type Signer struct {
	cfg SignerConfig // without the key
	key *rsa.PrivateKey
}

// NewSigner reads the key, once. All faults are reported together.
func NewSigner(cfg SignerConfig) (*Signer, error) {
	var faults []error
	key, err := ParsePrivateKey(cfg.PrivateKey)
	if err != nil {
		faults = append(faults, err)
	}
	if !IsAppID(cfg.AppID) {
		faults = append(faults, errors.New("trade: AppID: want an app id such as tt0123456789abcdef"))
	}
	if n, err := strconv.ParseUint(cfg.KeyVersion, 10, 32); err != nil || n == 0 {
		faults = append(faults, errors.New("trade: KeyVersion: want the number that the console shows beside the key; it grows with each upload"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	cfg.PrivateKey = ""
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Nonce == nil {
		cfg.Nonce = rand.Text
	}
	return &Signer{cfg, key}, nil
}

// String shows no key.
func (s *Signer) String() string { return "trade.Signer{" + s.cfg.String() + "}" }

// GoString is String.
func (s *Signer) GoString() string { return s.String() }

// Owns tells that key is the other half of the signer's own: then it is not Douyin's, which is what
// verifies callbacks.
func (s *Signer) Owns(key *rsa.PublicKey) bool { return s.key.PublicKey.Equal(key) }

// Signed is what the mini-app hands to tt.requestOrder, untouched.
type Signed struct {
	Data              string `json:"data"`              // as it was signed: hand it on as it is
	ByteAuthorization string `json:"byteAuthorization"` // beside it, for tt.requestOrder
}

// SignRequest signs data, which Payment.Data made, with a fresh timestamp and nonce. A signature
// ages (an hour, by one reading; UNCONFIRMED), so it is made when it is asked for and never stored;
// data is what is kept.
func (s *Signer) SignRequest(data []byte) (Signed, error) {
	e, err := s.sign(data)
	return Signed{string(data), e.ByteAuthorization}, err
}

// Explanation is what is signed, for showing it to a person.
type Explanation struct {
	Text              string // the five lines, verbatim
	SHA256            string // of Text, in hex: tells a wrong text from a wrong key
	KeyBits           int    // of the private key
	Signature         string // base64
	ByteAuthorization string // with app id, nonce, time and key version
}

// Explain signs as SignRequest does and tells how. Nothing of the key is in it.
func (s *Signer) Explain(data []byte) (Explanation, error) { return s.sign(data) }

func (s *Signer) sign(data []byte) (Explanation, error) {
	if len(data) == 0 || !utf8.Valid(data) {
		return Explanation{}, errors.New("trade: sign: data is empty, or not UTF-8")
	}
	timestamp, nonce := strconv.FormatInt(s.cfg.Now().Unix(), 10), s.cfg.Nonce()
	if !isToken(nonce) {
		return Explanation{}, errors.New("trade: sign: the nonce may hold letters, digits and _ only")
	}
	text := SignedText("POST", requestURI, timestamp, nonce, data)
	sum := sha256.Sum256(text)
	raw, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return Explanation{}, fmt.Errorf("trade: sign: %w", err)
	}
	signature := base64.StdEncoding.EncodeToString(raw)
	q := ""
	if s.cfg.Quoted {
		q = `"`
	}
	fields := make([]string, 0, 5)
	for _, f := range [][2]string{
		{"appid", s.cfg.AppID}, {"nonce_str", nonce}, {"timestamp", timestamp}, {"key_version", s.cfg.KeyVersion}, {"signature", signature},
	} {
		fields = append(fields, f[0]+"="+q+f[1]+q)
	}
	return Explanation{
		Text: string(text), SHA256: hex.EncodeToString(sum[:]), KeyBits: s.key.N.BitLen(), Signature: signature,
		ByteAuthorization: scheme + " " + strings.Join(fields, ","),
	}, nil
}

// SignedText is the text under a signature: method, URI, timestamp in seconds, nonce and body, each
// ended by a line feed, the last one too (TRADE-SIGN).
func SignedText(method, uri, timestamp, nonce string, body []byte) []byte {
	return lines([]byte(method), []byte(uri), []byte(timestamp), []byte(nonce), body)
}

func lines(parts ...[]byte) []byte {
	var text []byte
	for _, p := range parts {
		text = append(append(text, p...), '\n')
	}
	return text
}

// IsAppID tells whether an app id can stand in byteAuthorization: 1 to 128 letters, digits and _.
func IsAppID(id string) bool { return isToken(id) }

// isToken keeps the separators of byteAuthorization out of its values.
func isToken(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_'
	})
}
