package simulator

import (
	"testing"
	"time"
)

func TestTokenRefusals(t *testing.T) {
	s := newSim(t, Config{AppID: "tt0123456789abcdef", Secret: "s3cr3t"})
	for _, tt := range []struct {
		name, body string
		code       int
	}{
		{"right", `{"appid":"tt0123456789abcdef","secret":"s3cr3t","grant_type":"client_credential"}`, 0},
		{"appid", `{"appid":"ttffffffffffffffff","secret":"s3cr3t","grant_type":"client_credential"}`, 40015},
		{"appid missing", `{"secret":"s3cr3t","grant_type":"client_credential"}`, 40015},
		{"secret", `{"appid":"tt0123456789abcdef","secret":"guess","grant_type":"client_credential"}`, 40017},
		{"grant_type", `{"appid":"tt0123456789abcdef","secret":"s3cr3t","grant_type":"client_credentials"}`, 40020},
		{"grant_type missing", `{"appid":"tt0123456789abcdef","secret":"s3cr3t"}`, 40020},
		{"unknown field", `{"app_id":"tt0123456789abcdef","secret":"s3cr3t","grant_type":"client_credential"}`, 1},
		{"not JSON", `appid=tt0123456789abcdef`, 1},
	} {
		a := post(t, s, tokenPath, tt.body)
		if a.ErrNo == nil || *a.ErrNo != tt.code {
			t.Errorf("%s: answer %+v, want err_no %d", tt.name, a, tt.code)
		}
	}
	if got := s.Stats().TokensFetched; got != 1 {
		t.Errorf("%d tokens fetched, want 1", got)
	}
}

func TestATokenEndsAndANewOneShortensTheOld(t *testing.T) {
	c := newClock()
	s := newSim(t, Config{Now: c.Now})
	try := func(token string) int {
		code, _ := push(t, s, orderPush(token, "1", "已支付", "1768634595123"))
		return code
	}
	first := fetch(t, s)
	c.advance(7200*time.Second - 1)
	if got := try(first); got != 0 {
		t.Errorf("at the end of its life: %d, want 0", got)
	}
	c.advance(1)
	if got := try(first); got != 40004 {
		t.Errorf("after its life: %d, want 40004", got)
	}

	second := fetch(t, s)
	third := fetch(t, s)
	if second == third {
		t.Fatal("two fetches gave the same token")
	}
	c.advance(5*time.Minute - 1)
	if a, b := try(second), try(third); a != 0 || b != 0 {
		t.Errorf("within five minutes: old %d, new %d, want 0 and 0", a, b)
	}
	c.advance(1)
	if a, b := try(second), try(third); a != 40004 || b != 0 {
		t.Errorf("after five minutes: old %d, new %d, want 40004 and 0", a, b)
	}

	s.Revoke()
	if got := try(third); got != 40004 {
		t.Errorf("revoked: %d, want 40004", got)
	}
	if got := try(fetch(t, s)); got != 0 {
		t.Errorf("fetched after the revocation: %d, want 0", got)
	}
	if got := try("clt.0123456789"); got != 40002 {
		t.Errorf("a token of another kind: %d, want 40002", got)
	}
}
