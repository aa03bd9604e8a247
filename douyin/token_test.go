package douyin

import (
	"context"
	"errors"
	"testing"
	"time"
)

func fetchFrom(t *testing.T, replies ...reply) (Token, *far, error) {
	t.Helper()
	f := newFar(t, replies...)
	fetcher, err := NewTokenFetcher(Config{BaseURL: f.URL + "/", AppID: "tt0123456789abcdef", Secret: "s3<cret&"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := fetcher.FetchToken(context.Background())
	return token, f, err
}

func TestFetchToken(t *testing.T) {
	token, f, err := fetchFrom(t, reply{body: `{"err_no":0,"err_tips":"success","data":{"access_token":"0801121abc","expires_in":7200}}`})
	if err != nil || token.Value != "0801121abc" || token.ExpiresIn != 2*time.Hour {
		t.Errorf("%v %v", token, err)
	}
	want := `/api/apps/v2/token {"appid":"tt0123456789abcdef","secret":"s3<cret&","grant_type":"client_credential"}`
	if sent := f.sent(); len(sent) != 1 || sent[0] != want {
		t.Errorf("sent %q", sent)
	}
}

func TestFetchTokenRefused(t *testing.T) {
	cases := []struct {
		name, body string
		kind       Kind
		permanent  bool
	}{
		{"app id", `{"err_no":40015,"err_tips":"bad appid"}`, Unauthorized, true},
		{"secret", `{"err_no":40017,"err_tips":"bad secret"}`, Unauthorized, true},
		{"grant type", `{"err_no":40020,"err_tips":"bad grant_type"}`, Unauthorized, true},
		{"system", `{"err_no":-1,"err_tips":"system error"}`, Unavailable, false},
		{"no token", `{"err_no":0,"data":{"expires_in":7200}}`, Unavailable, false},
		{"no data", `{"err_no":0}`, Unavailable, false},
		{"dead on arrival", `{"err_no":0,"data":{"access_token":"a","expires_in":0}}`, Unavailable, false},
		{"lives for ever", `{"err_no":0,"data":{"access_token":"a","expires_in":9223372036854775807}}`, Unavailable, false},
		{"token of a wrong type", `{"err_no":0,"data":{"access_token":7,"expires_in":7200}}`, Unavailable, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			token, f, err := fetchFrom(t, reply{body: c.body})
			if kindOf(err) != c.kind || errors.Is(err, ErrCredentials) != c.permanent || token != (Token{}) || len(f.sent()) != 1 {
				t.Errorf("%v, %d exchanges", err, len(f.sent()))
			}
		})
	}
}

// Douyin sends numbers as text in one version and as numbers in another.
func TestFetchTokenWithALifetimeAsText(t *testing.T) {
	token, _, err := fetchFrom(t, reply{body: `{"data":{"access_token":"clt.1","error_code":"0","expires_in":"7200"},"message":"success"}`})
	if err != nil || token.Value != "clt.1" || token.ExpiresIn != 2*time.Hour {
		t.Errorf("%v, %v", token, err)
	}
}
