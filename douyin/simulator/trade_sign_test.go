package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

// T1: the bytes of testdata, which another program signed, make an order; changed ones do not.
func TestRequestOrderTakesTheVectorAndNothingNearIt(t *testing.T) {
	v, key := vector(t, "T1")
	signed := func(order ...string) string { return authorizationScheme + strings.Join(order, ",") }
	app, nonce, at, version, sig := "appid="+v.AppID, "nonce_str="+v.Nonce, "timestamp="+v.Timestamp, "key_version="+v.KeyVersion, "signature="+v.Signature
	quoted := func(part string) string { return strings.Replace(part, "=", `="`, 1) + `"` }
	plain := signed(app, nonce, at, version, sig)
	for _, c := range []struct {
		name, data, auth string
		words            string // empty: taken
	}{
		{"plain", v.Data, plain, ""},
		{"quoted", v.Data, signed(quoted(app), quoted(nonce), quoted(at), quoted(version), quoted(sig)), ""},
		{"quoted but for the version", v.Data, signed(quoted(app), quoted(nonce), quoted(at), version, quoted(sig)), ""},
		{"in another order", v.Data, signed(sig, at, app, version, nonce), ""},
		{"data with a blank more", v.Data + " ", plain, "签名校验异常"},
		{"data encoded again", strings.ReplaceAll(v.Data, "入", `\u5165`), plain, "签名校验异常"},
		{"another nonce", v.Data, signed(app, nonce+"0", at, version, sig), "签名校验异常"},
		{"another time", v.Data, signed(app, nonce, at[:len(at)-1]+"1", version, sig), "签名校验异常"},
		{"another key version", v.Data, signed(app, nonce, at, "key_version=2", sig), "签名校验异常"},
		{"another app", v.Data, signed("appid=tt1", nonce, at, version, sig), "签名校验异常"},
		{"another signature", v.Data, signed(app, nonce, at, version, "signature=A"+v.Signature[1:]), "签名校验异常"},
		{"no base64", v.Data, signed(app, nonce, at, version, "signature=%%"), "签名校验异常"},
		{"milliseconds", v.Data, signed(app, nonce, at+"000", version, sig), "签名参数异常"},
		{"a part missing", v.Data, signed(app, nonce, at, sig), "签名参数异常"},
		{"a part twice", v.Data, signed(app, app, nonce, at, version, sig), "签名参数异常"},
		{"an unknown part", v.Data, plain + ",x=1", "签名参数异常"},
		{"a blank after the comma", v.Data, signed(app, " "+nonce, at, version, sig), "签名参数异常"},
		{"another scheme", v.Data, strings.Replace(plain, "SHA256-RSA2048 ", "SHA256-RSA2048:", 1), "签名参数异常"},
		{"an empty part", v.Data, signed(app, "nonce_str=", at, version, sig), "签名参数异常"},
		{"a quote left open", v.Data, signed(app+`"`, nonce, at, version, sig), "签名参数异常"},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Unix(1764374400, 0)
			s := newSim(t, Config{AppID: v.AppID, Now: func() time.Time { return now }, Trade: Trade{AppKey: key, KeyVersion: "1"}})
			id, err := s.RequestOrder(c.data, c.auth, "")
			var refused *RequestError
			switch errors.As(err, &refused); {
			case c.words == "" && (err != nil || !strings.HasPrefix(id, "motb") || len(id) != 27):
				t.Errorf("order %q: %v", id, err)
			case c.words != "" && (refused == nil || refused.Words != c.words):
				t.Errorf("order %q: %v, want %s", id, err, c.words)
			}
		})
	}
}

func TestASignatureOlderThanAnHourIsRefused(t *testing.T) {
	v, key := vector(t, "T1")
	auth := authorizationScheme + "appid=" + v.AppID + ",nonce_str=" + v.Nonce + ",timestamp=" + v.Timestamp + ",key_version=1,signature=" + v.Signature
	for age, taken := range map[time.Duration]bool{time.Hour: true, time.Hour + time.Second: false, -time.Hour - time.Second: false} {
		now := time.Unix(1764374400, 0).Add(age)
		s := newSim(t, Config{Now: func() time.Time { return now }, Trade: Trade{AppKey: key}})
		if _, err := s.RequestOrder(v.Data, auth, ""); (err == nil) != taken {
			t.Errorf("age %s: %v, want taken %t", age, err, taken)
		}
	}
}

func TestWithoutAnUploadedKeyNothingIsSignedRightly(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Trade.AppKey = nil })
	data := orderData("T1")
	if _, err := w.RequestOrder(data, w.authorize(data), ""); err == nil {
		t.Error("an order was made without a key of the app")
	}
	w.SetAppKey(&testAppKey().PublicKey, "2")
	w.requested(data)
}

// T2 and T3: the text that is signed, and the bodies, byte for byte.
func TestCallbacksHaveTheBytesOfTheVectors(t *testing.T) {
	payment := tradePaymentMsg{
		AppID: "tt1683603e89bd1ac801", OutOrderNo: "1210246155355688960", OrderID: "motb73383242802221734767173", Status: Succeeded, TotalAmount: 1,
		PayChannel: 10, ChannelPayID: "TP2024022215260600681574525640", UserBillPayID: "DTPS2402221526119010630764156176",
		MerchantUID: "71223625266663938860", EventTime: 1708586777000,
	}
	refund := tradeRefundMsg{
		AppID: "tt0123456789abcdef", Status: Succeeded, OrderID: "motb1", EventTime: 1764374400000, RefundID: "motb2", OutRefundNo: "R20261129000001",
		Amount: 1990, Detail: itemsMsg{1, []TradePart{{"motb3", 1990}}}, RefundType: SourceDeveloper,
	}
	for id, n := range map[string]notification{"T2": {kind: "payment", msg: payment}, "T3": {kind: "refund", msg: refund}} {
		v, key := vector(t, id)
		if body := string(tradeEnvelope(n)); body != v.Body {
			t.Errorf("%s: body %s\nwant %s", id, body, v.Body)
		}
		text := callbackText(v.ByteTimestamp, v.ByteNonceStr, []byte(v.Body))
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != v.TextSHA256 {
			t.Errorf("%s: the signed text is %q", id, text)
		}
		if !verifies(key, string(text), v.ByteSignature) {
			t.Errorf("%s: the vector's signature does not fit", id)
		}
	}
	if got := byteSignature(testPlatformKey(), "1", "n", []byte("{}")); !verifies(&testPlatformKey().PublicKey, "1\nn\n{}\n", got) {
		t.Error("byteSignature does not sign three lines")
	}
}

func TestKeysAreReadFromPEM(t *testing.T) {
	s := newSim(t, Config{})
	if _, err := ParseAppKey([]byte(s.PlatformKey())); err != nil { // the made key, through its own form
		t.Error(err)
	}
	if first := s.PlatformKey(); s.PlatformKey() != first {
		t.Error("the platform's key changes")
	}
	for _, text := range []string{"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if _, err := ParseAppKey([]byte(text)); err == nil {
			t.Errorf("ParseAppKey took %q", text)
		}
		if _, err := ParsePlatformKey([]byte(text)); err == nil {
			t.Errorf("ParsePlatformKey took %q", text)
		}
	}
}
