package douyin

import (
	"bytes"
	"crypto/sha1" // Douyin's algorithm, not ours
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxCallbackBytes bounds a callback's body. The largest field of a message has 2048 bytes.
const MaxCallbackBytes = 64 << 10

// The ways in which a callback fails, found with errors.Is: nothing of its body should be believed
// or logged. A callback that is signed and cannot be understood is no failure: see Callback.Unread.
var (
	ErrCallbackNoToken      = errors.New("douyin: callback: no token is configured")
	ErrCallbackTooLarge     = errors.New("douyin: callback: larger than 64 KiB")
	ErrCallbackSyntax       = errors.New("douyin: callback: not Douyin's envelope")
	ErrCallbackMissingField = errors.New("douyin: callback: a field is missing") // the text around it names the field
	ErrCallbackSignature    = errors.New("douyin: callback: wrong signature")
	ErrCallbackType         = errors.New("douyin: callback: type disagrees with the signed message")
)

// Types of callback.
const (
	CallbackPayment      = "payment" // only successful payments
	CallbackRefund       = "refund"
	CallbackSettle       = "settle"
	CallbackWithdraw     = "withdraw"
	CallbackTransfer     = "transfer"      // its message is not documented
	CallbackSettleFinish = "settle_finish" // its message is not documented
)

// Callback is a verified callback. Exactly one of Payment, Refund and Settle is set for the types
// of that name, none for the others, and none where Unread is set.
type Callback struct {
	Type      string // payment, refund, settle, ...
	Timestamp string // literal digits, seconds; signed, but no freshness can be asked: redeliveries come for a day
	Nonce     string // signed, too
	Msg       string // the JSON text that was signed, verbatim; fields we do not know are in it

	Payment *PaymentNotice
	Refund  *RefundNotice
	Settle  *SettleNotice

	// Unread names what of a signed callback cannot be understood: "type" (nobody knows it), "msg"
	// (no JSON object), or the field of the message: the number (over 64 bytes it is none of the
	// shop's), the status (none of Douyin's words) or the amount. Such a callback is to be kept,
	// shown to a person, and not acted upon. Empty: none.
	Unread string

	appID  string
	number string // of one that has Unread, where it can be read
}

// envelope fields; whatever else stands in the envelope is not signed by the documented rule and
// never read.
type callbackEnvelope struct{ timestamp, nonce, msg, kind, signature string }

// VerifyCallback checks a callback's raw body against the token of Douyin's payment settings.
// Several tokens may be given: after a change the token at the time of payment counts. Every token
// is compared in constant time.
//
// The signature covers timestamp, nonce and msg, but not type. So a type that is known must agree
// with the signed message (a payment names cp_orderno, a refund cp_refundno, a settlement
// cp_settle_no): a refund cannot be turned into a payment by whoever relays it. A message without a
// type, or whose type nobody knows, or that lacks what it is acted upon by, comes back with Unread.
// Envelope keys count only in their exact spelling and once; fields that nobody knows are ignored,
// because a new one of Douyin's must not stop all callbacks. The same signed content in another
// JSON spelling (\u4E2D for \u4e2d, other white space) is the same callback.
func VerifyCallback(body []byte, tokens ...string) (Callback, error) {
	tokens = slices.DeleteFunc(slices.Clone(tokens), func(t string) bool { return t == "" })
	switch {
	case len(tokens) == 0:
		return Callback{}, ErrCallbackNoToken
	case len(body) > MaxCallbackBytes:
		return Callback{}, ErrCallbackTooLarge
	}
	e, err := parseEnvelope(body)
	if err != nil {
		return Callback{}, err
	}
	right := 0
	for _, token := range tokens { // no early end: the time tells nothing
		want := SignCallback(token, e.timestamp, e.nonce, e.msg)
		right |= subtle.ConstantTimeCompare([]byte(want), []byte(e.signature))
	}
	if right != 1 {
		return Callback{}, ErrCallbackSignature
	}
	c := Callback{Type: e.kind, Timestamp: e.timestamp, Nonce: e.nonce, Msg: e.msg}
	if err := c.readMessage(); err != nil {
		return Callback{}, err
	}
	return c, nil
}

// SignCallback is msg_signature: SHA-1 in lower-case hex over the sorted texts, without a
// separator. It is exported so that users can test their own handlers.
func SignCallback(token, timestamp, nonce, msg string) string {
	parts := []string{token, timestamp, nonce, msg}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, ""))) // Douyin's algorithm
	return hex.EncodeToString(sum[:])
}

// EncodeCallback is a whole callback as Douyin would post it, for tests of one's own handler.
func EncodeCallback(token, kind, timestamp, nonce, msg string) ([]byte, error) {
	return marshal(struct {
		Timestamp    string `json:"timestamp"`
		Nonce        string `json:"nonce"`
		Msg          string `json:"msg"`
		Type         string `json:"type"`
		MsgSignature string `json:"msg_signature"`
	}{timestamp, nonce, msg, kind, SignCallback(token, timestamp, nonce, msg)})
}

// parseEnvelope reads the five fields. encoding/json's structs would take MSG for msg and the last
// of two; this does not.
func parseEnvelope(body []byte) (callbackEnvelope, error) {
	fields, err := members(body)
	if err != nil {
		return callbackEnvelope{}, err
	}
	var e callbackEnvelope
	for _, f := range []struct {
		name string
		into *string
		fits func(string) bool
	}{
		{"timestamp", &e.timestamp, isDigits},
		{"nonce", &e.nonce, isNonce},
		{"msg", &e.msg, nil},
		{"type", &e.kind, nil},
		{"msg_signature", &e.signature, nil},
	} {
		raw, ok := fields[f.name]
		if f.name == "type" {
			e.kind = kindOfEnvelope(raw)
			continue
		}
		if !ok {
			return callbackEnvelope{}, fmt.Errorf("%w: %s", ErrCallbackMissingField, f.name)
		}
		if f.name == "timestamp" && isDigits(string(raw)) { // a number: its literal digits are signed
			*f.into = string(raw)
		} else if json.Unmarshal(raw, f.into) != nil || string(raw) == "null" {
			return callbackEnvelope{}, fmt.Errorf("%w: %s is no text", ErrCallbackSyntax, f.name)
		}
		if *f.into == "" {
			return callbackEnvelope{}, fmt.Errorf("%w: %s", ErrCallbackMissingField, f.name)
		}
		if f.fits != nil && !f.fits(*f.into) {
			return callbackEnvelope{}, fmt.Errorf("%w: %s has characters that do not belong there", ErrCallbackSyntax, f.name)
		}
	}
	return e, nil
}

// kindOfEnvelope reads the type. It is not signed, so the signature decides first: where it is
// missing or no text, nobody knows it.
func kindOfEnvelope(raw json.RawMessage) string {
	var c Cell
	if json.Unmarshal(raw, &c) != nil {
		return "" // missing
	}
	return c.text
}

// members splits one JSON object into its members, each name once.
func members(body []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%w: not valid UTF-8", ErrCallbackSyntax)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%w: no JSON object", ErrCallbackSyntax)
	}
	fields := make(map[string]json.RawMessage, 8)
	for d.More() {
		var raw json.RawMessage
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok || d.Decode(&raw) != nil {
			return nil, fmt.Errorf("%w: broken JSON", ErrCallbackSyntax)
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%w: a field stands twice", ErrCallbackSyntax)
		}
		fields[name] = raw
	}
	if t, err := d.Token(); err != nil || t != json.Delim('}') {
		return nil, fmt.Errorf("%w: broken JSON", ErrCallbackSyntax)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the JSON object", ErrCallbackSyntax)
	}
	return fields, nil
}

func isDigits(s string) bool { return len(s) <= 20 && strings.Trim(s, "0123456789") == "" }

// isNonce keeps the borders between the signed texts apart: they are joined without a separator, so
// a nonce that could hold braces or quotes could take over the beginning of a message.
func isNonce(s string) bool {
	return len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}

// Number is the developer's number that the callback is about: out_order_no, out_refund_no or
// out_settle_no; empty for other types, and where it cannot be read.
func (c Callback) Number() string {
	switch {
	case c.Payment != nil:
		return c.Payment.OutOrderNo
	case c.Refund != nil:
		return c.Refund.OutRefundNo
	case c.Settle != nil:
		return c.Settle.OutSettleNo
	}
	return c.number
}

// Status is SUCCESS, FAIL or PROCESSING; empty for other types.
func (c Callback) Status() Result {
	switch {
	case c.Payment != nil:
		return c.Payment.Status
	case c.Refund != nil:
		return c.Refund.Status
	case c.Settle != nil:
		return c.Settle.Status
	}
	return ""
}

// AppID is the app that the message names; empty when it names none, and for types whose message is
// not read.
func (c Callback) AppID() string { return c.appID }

// DedupKey is the same for every delivery of the same news: "type:number:status", and for types
// without a number the type and the SHA-256 of the message. One that has Unread has a key of its
// own, of the message alone: it must not stand in the way of one that can be read, and whoever
// relays it makes no second one of it by another type, which is not signed. (Whether a redelivery
// carries a fresh timestamp is UNCONFIRMED, so neither that nor the signature is part of it.)
func (c Callback) DedupKey() string {
	sum := sha256.Sum256([]byte(c.Msg))
	if c.Unread != "" {
		return "unread:" + hex.EncodeToString(sum[:])
	}
	if no := c.Number(); no != "" {
		return c.Type + ":" + no + ":" + string(c.Status())
	}
	return c.Type + ":" + hex.EncodeToString(sum[:])
}
