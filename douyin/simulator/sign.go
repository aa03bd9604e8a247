package simulator

import (
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"
)

// requestSignature is the signature of an ecpay request (SIGN-DEMO): the values, not the names, of
// all parameters but a few; trimmed, one pair of quotes cut, trimmed; empty and "null" left out;
// sorted bytewise together with the salt.
func requestSignature(f form, salt string) string {
	list := []string{salt}
	for _, p := range f {
		switch p.name {
		case "app_id", "thirdparty_id", "sign", "other_settle_params":
			continue
		}
		v := strings.TrimSpace(p.text)
		if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
			v = v[1 : len(v)-1]
		}
		if v = strings.TrimSpace(v); v != "" && v != "null" {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	sum := md5.Sum([]byte(strings.Join(list, "&")))
	return hex.EncodeToString(sum[:])
}

// callbackSignature signs a callback (SIGN-DEMO): sorted, joined without a separator, empty ones
// left out, msg as it stands.
func callbackSignature(token, timestamp, nonce, msg string) string {
	list := []string{token, timestamp, nonce, msg}
	slices.Sort(list)
	sum := sha1.Sum([]byte(strings.Join(list, "")))
	return hex.EncodeToString(sum[:])
}
