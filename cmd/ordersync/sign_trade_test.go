package main

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/douyin/simulator"
)

// TestSignExplainsDataOfRequestOrder: the five lines, verbatim, are what Douyin verifies; the key is
// in none of them.
func TestSignExplainsDataOfRequestOrder(t *testing.T) {
	private, err := os.ReadFile("../../douyin/trade/testdata/key.pem")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../douyin/trade/testdata/key_pub.pem")
	if err != nil {
		t.Fatal(err)
	}
	public, err := simulator.ParseAppKey(text)
	if err != nil {
		t.Fatal(err)
	}
	environ := append([]string{"ORDERSYNC_DOUYIN__TRADE__PRIVATE_KEY=" + string(private), "ORDERSYNC_DOUYIN__TRADE__KEY_VERSION=3"}, secrets...)
	sign := func(environ []string, in string, args ...string) (int, string, string) {
		var out, errOut bytes.Buffer
		p := &process{environ: environ, in: strings.NewReader(in), out: &out, errOut: &errOut}
		code := p.run(t.Context(), append([]string{"sign"}, args...))
		if all := out.String() + errOut.String(); strings.Contains(all, canary) || strings.Contains(all, strings.Split(string(private), "\n")[3]) {
			t.Errorf("%v prints a secret:\n%s", args, all)
		}
		return code, out.String(), errOut.String()
	}
	const data = `{"skuList":[{"price":1.00}],"outOrderNo":"T1","totalAmount":1e2}`
	code, out, errOut := sign(environ, data+"\n", "--explain")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 13 {
		t.Fatalf("%d %s\n%s", code, errOut, out)
	}
	signed := make([]string, 5)
	for i := range signed {
		signed[i] = strings.TrimSpace(lines[i])[3:]
	}
	if signed[0] != "POST" || signed[1] != "/requestOrder" || signed[4] != data {
		t.Errorf("lines %q", signed)
	}
	sum := sha256.Sum256([]byte(strings.Join(signed, "\n") + "\n"))
	if lines[6] != hex.EncodeToString(sum[:]) || !strings.Contains(lines[7], "2048 bits") || !strings.Contains(lines[7], "version 3") {
		t.Errorf("%q", lines[5:8])
	}
	if got := strings.Join(lines[8:12], "|"); got != "careful: orderEntrySchema is missing|careful: skuList[0].price is 1.00: Douyin takes integers only|"+
		"careful: totalAmount is 1e2: Douyin takes integers only|byteAuthorization:" {
		t.Error(got)
	}
	_, signature, _ := strings.Cut(lines[12], "key_version=3,signature=")
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], raw) != nil {
		t.Errorf("%s does not verify, %v", lines[12], err)
	}

	if code, out, _ := sign(environ, data); code != 0 || !strings.HasPrefix(out, "SHA256-RSA2048 appid=tt1,") || strings.Count(out, "\n") != 1 {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := sign(environ, `{"app_id":"tt1","out_order_no":"T1"}`, "--explain"); code != 0 || !strings.Contains(out, "md5") {
		t.Errorf("a request of guaranteed payment: %d %s", code, out)
	}
	if code, _, errOut := sign(environ, `{"a":1} x`, "--trade"); code != exitUsage || !strings.Contains(errOut, "one JSON object") {
		t.Errorf("%d %s", code, errOut)
	}
	if code, _, errOut := sign(secrets, data); code == 0 || !strings.Contains(errOut, "douyin.trade.private_key: is required") {
		t.Errorf("%d %s", code, errOut)
	}
}
