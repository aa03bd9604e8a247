package douyin

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/ordersync/ordersync/tasks/cut"
)

const (
	masked          = "***"
	maxMessageBytes = 256
	maxLogIDBytes   = 128
	maxReceiptBytes = 4 << 10
)

// hide replaces every occurrence of the secrets, also as they look inside JSON text (with and
// without escaped slashes).
func hide(text []byte, secrets ...string) []byte {
	for _, secret := range secrets {
		text = replace(text, secret)
		if strings.ContainsFunc(secret, changesInJSON) {
			for _, form := range forms(secret) {
				text = replace(text, form)
			}
		}
	}
	return text
}

func replace(text []byte, secret string) []byte {
	if secret == "" || !bytes.Contains(text, []byte(secret)) {
		return text
	}
	return bytes.ReplaceAll(text, []byte(secret), []byte(masked))
}

// changesInJSON: one encoder or another writes r not as itself.
func changesInJSON(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&/`, r) }

// forms are the ways in which a text may stand in JSON, of one encoder or another.
func forms(secret string) []string {
	all := []string{secret}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, marshal} {
		if quoted, err := encode(secret); err == nil {
			all = append(all, string(quoted[1:len(quoted)-1]))
		}
	}
	for _, form := range all {
		all = append(all, strings.ReplaceAll(form, "/", `\/`))
	}
	return all
}

// clean makes foreign text fit for one line of a log: plain, at most limit bytes, cut at a
// character's border.
func clean(text string, limit int) string {
	return cut.To(strings.TrimSpace(cut.Plain(text)), limit)
}

// keep is the part of an answer that a Receipt shows.
func keep(body []byte, secrets ...string) []byte {
	return []byte(cut.To(string(hide(body, secrets...)), maxReceiptBytes))
}

// marshal is json.Marshal without HTML escaping: what is sent is what a person would write.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
