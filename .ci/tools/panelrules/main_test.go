package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestEveryQueryIsARule(t *testing.T) {
	const dashboard = `{"panels": [{"type": "row", "id": 1}, {"id": 2, "title": "T", "targets": [
		{"refId": "A", "expr": "rate(a[$__rate_interval])"}, {"refId": "B", "expr": "b{c=\"d\"} == 0"}]}]}`
	const want = `groups:
- name: panels
  rules:
  - expr: rate(a[1m])
    record: panel:2_A
  - expr: b{c="d"} == 0
    record: panel:2_B
`
	var out bytes.Buffer
	if err := translate([]byte(dashboard), &out); err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
	for name, tt := range map[string]struct{ from, to, want string }{
		"another variable": {"$__rate_interval", "$__interval", `panel 2 "T", query A`},
		"nothing asked":    {`rate(a[$__rate_interval])`, "", "empty"},
		"no queries":       {`"targets"`, `"target"`, "no queries"},
		"no JSON":          {"{", "[", "invalid character"},
	} {
		err := translate([]byte(strings.Replace(dashboard, tt.from, tt.to, 1)), &out)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
