package simulator

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authorization is the content of byteAuthorization.
type authorization struct{ appID, nonce, timestamp, keyVersion, signature string }

const authorizationScheme = "SHA256-RSA2048 "

// parseAuthorization reads byteAuthorization: the five parts in any order, each value with or
// without quotes, as both forms are published. bad says what is wrong.
func parseAuthorization(text string) (a authorization, bad string) {
	list, ok := strings.CutPrefix(text, authorizationScheme)
	if !ok {
		return a, "want SHA256-RSA2048 and one blank first"
	}
	places := map[string]*string{
		"appid": &a.appID, "nonce_str": &a.nonce, "timestamp": &a.timestamp, "key_version": &a.keyVersion, "signature": &a.signature,
	}
	for part := range strings.SplitSeq(list, ",") {
		name, v, _ := strings.Cut(part, "=")
		place := places[name]
		if place == nil {
			return a, "a part that is unknown, comes twice or stands after a blank"
		}
		delete(places, name)
		if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
			v = v[1 : len(v)-1]
		}
		if v == "" || len(v) > 512 || strings.ContainsAny(v, "\" \n\r\t") {
			return a, name + ": is empty, too long or holds a quote or a blank"
		}
		*place = v
	}
	for name := range places {
		return a, name + ": is missing"
	}
	switch {
	case len(a.nonce) > 128:
		return a, "nonce_str: more than 128 bytes"
	case len(a.timestamp) != 10 || strings.Trim(a.timestamp, "0123456789") != "":
		return a, "timestamp: want Unix seconds"
	}
	return a, ""
}

// signatureLife is how old a signature may be. UNCONFIRMED: one project quotes an hour.
const signatureLife = time.Hour

// fresh tells whether the signature was made within an hour of now.
func (a authorization) fresh(now time.Time) bool {
	seconds, err := strconv.ParseInt(a.timestamp, 10, 64)
	if err != nil {
		return false
	}
	return now.Sub(time.Unix(seconds, 0)).Abs() <= signatureLife
}

// verify tells whether key's owner signed data for tt.requestOrder.
func (a authorization) verify(key *rsa.PublicKey, data string) bool {
	sig, err := base64.StdEncoding.Strict().DecodeString(a.signature)
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(requestOrderText(a.timestamp, a.nonce, data)))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
}

// requestOrderText is what the app signs: five lines, each with its end.
func requestOrderText(timestamp, nonce, data string) string {
	return "POST\n/requestOrder\n" + timestamp + "\n" + nonce + "\n" + data + "\n"
}

// callbackText is what the platform signs: three lines, each with its end. body is the raw bytes.
func callbackText(timestamp, nonce string, body []byte) []byte {
	return slices.Concat([]byte(timestamp+"\n"+nonce+"\n"), body, []byte("\n"))
}

// byteSignature signs the raw body of a callback.
func byteSignature(key *rsa.PrivateKey, timestamp, nonce string, body []byte) string {
	sum := sha256.Sum256(callbackText(timestamp, nonce, body))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic("simulator: the platform's key does not sign: " + err.Error()) // keys of 2048 bits always do
	}
	return base64.StdEncoding.EncodeToString(sig)
}
