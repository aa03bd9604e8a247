package trade

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/ordersync/ordersync/douyin"
)

// Headers of a callback (TRADE-SIGN). HeaderSignature tells trade's callbacks from those of
// guaranteed payment.
const (
	HeaderTimestamp = "Byte-Timestamp" // seconds
	HeaderNonce     = "Byte-Nonce-Str"
	HeaderSignature = "Byte-Signature" // base64
	HeaderLogID     = "Byte-Logid"
)

// The ways in which a callback fails, found with errors.Is: nothing of its body should be believed
// or logged. A callback that is signed and cannot be understood is no failure: see Callback.Unread.
var (
	ErrNoKey     = errors.New("trade: callback: no platform key is configured")
	ErrTooLarge  = errors.New("trade: callback: larger than 64 KiB")
	ErrHeaders   = errors.New("trade: callback: Byte-Timestamp, Byte-Nonce-Str or Byte-Signature is missing or malformed")
	ErrSignature = errors.New("trade: callback: wrong signature")
)

// Types of callback. Others are kept and not read, such as sign_callback of subscriptions.
const (
	CallbackPayment       = "payment"
	CallbackRefund        = "refund"
	CallbackSettle        = "settle"
	CallbackRefundRequest = "pre_create_refund" // a buyer, or Douyin's service, wants a refund
)

// Callback is a verified callback. The one of Payment, Refund, Settle and RefundRequest that Type
// names is set; none where Unread is.
type Callback struct {
	Type    string // payment, refund, settle, pre_create_refund, ...
	Version string // "3.0"; the industry system has "2.0". It is not judged
	Msg     string // the JSON text of the message, verbatim; it may hold an open_id

	Payment       *PaymentNotice
	Refund        *RefundNotice
	Settle        *SettleNotice
	RefundRequest *RefundRequest

	// Unread names what of a signed callback cannot be understood: "body" (no envelope), "type"
	// (nobody knows it), "msg" (no JSON object), or a field of the message. Such a callback is to be
	// kept, shown to a person, answered, and not acted upon. Empty: none.
	Unread string

	appID  string
	number string
	status string
	sum    [sha256.Size]byte // of the body
}

// VerifyCallback checks the raw body of a callback against Douyin's public keys of the app, the new
// and the old ones while they change. It covers the whole body, so type and version too. The keys
// have to be the right app's: choose them by the address that was called, or by PeekAppID, and hold
// AppID against the app afterwards.
//
// No freshness is asked: redeliveries come for 72 hours, and whether they are signed afresh is
// UNCONFIRMED.
func VerifyCallback(h http.Header, body []byte, keys ...*rsa.PublicKey) (Callback, error) {
	switch {
	case len(keys) == 0:
		return Callback{}, ErrNoKey
	case len(body) > douyin.MaxCallbackBytes:
		return Callback{}, ErrTooLarge
	}
	timestamp, nonce, signature, ok := signedHeaders(h)
	if !ok {
		return Callback{}, ErrHeaders
	}
	sum := sha256.Sum256(lines([]byte(timestamp), []byte(nonce), body))
	right := false
	for _, key := range keys { // no early end: the time tells nothing
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil {
			right = true
		}
	}
	if !right {
		return Callback{}, ErrSignature
	}
	return read(body), nil
}

// signedHeaders wants each header once. Without line feeds in timestamp and nonce the signed text
// falls apart in one way only.
func signedHeaders(h http.Header) (timestamp, nonce string, signature []byte, ok bool) {
	var values [3]string
	for i, name := range []string{HeaderTimestamp, HeaderNonce, HeaderSignature} {
		all := h.Values(name)
		if len(all) != 1 || all[0] == "" || len(all[0]) > 2048 {
			return "", "", nil, false
		}
		values[i] = all[0]
	}
	timestamp, nonce = values[0], values[1]
	if len(timestamp) > 20 || strings.Trim(timestamp, "0123456789") != "" {
		return "", "", nil, false
	}
	if len(nonce) > 128 || strings.ContainsFunc(nonce, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", "", nil, false
	}
	// Strict: the spare bits of the last character are zero, so that one signature has one spelling.
	// The decoder would skip line breaks.
	signature, err := base64.StdEncoding.Strict().DecodeString(values[2])
	if err != nil || strings.ContainsAny(values[2], "\r\n") {
		return "", "", nil, false
	}
	return timestamp, nonce, signature, true
}

// PeekAppID reads the app_id of a body before anything is verified: it may choose whose keys are
// tried, and nothing else may be done with it. Empty: there is none.
func PeekAppID(body []byte) string {
	if len(body) > douyin.MaxCallbackBytes {
		return ""
	}
	return read(body).appID
}

// String shows what it is about and nothing of the message, in which a buyer's open_id may stand.
func (c Callback) String() string { return "callback " + c.DedupKey() }

// GoString is String: %#v must not print what %v hides.
func (c Callback) GoString() string { return c.String() }

// AppID is the app that the message names; empty when it names none.
func (c Callback) AppID() string { return c.appID }

// Number is what the callback is about: the shop's number of a payment; Douyin's refund_id of a
// refund and of a RefundRequest; out_settle_no of a settlement, or settle_id where there is no other.
// It is told as well where something else of the message is Unread, so that a RefundRequest can be
// answered; empty: it cannot be read.
func (c Callback) Number() string { return c.number }

// DedupKey is the same for every delivery of the same news: "trade:type:number:status", and for what
// is Unread the SHA-256 of the body.
func (c Callback) DedupKey() string {
	if c.Unread != "" {
		return "trade:unread:" + hex.EncodeToString(c.sum[:])
	}
	return "trade:" + c.Type + ":" + c.number + ":" + c.status
}
