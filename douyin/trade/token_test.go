package trade

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/douyin"
)

func fetch(t *testing.T, r reply) (douyin.Token, *far, error) {
	t.Helper()
	f := newFar(t, r)
	fetcher, err := NewTokenFetcher(Config{BaseURL: f.URL, AppID: appID, Secret: `s3<cret&"`})
	if err != nil {
		t.Fatal(err)
	}
	token, err := fetcher.FetchToken(context.Background())
	for _, shown := range []string{fmt.Sprintf("%v %#v %+v", fetcher, fetcher, err), fetcher.String()} {
		if strings.Contains(shown, "s3<cret") {
			t.Error(shown)
		}
	}
	return token, f, err
}

func TestFetchToken(t *testing.T) {
	token, f, err := fetch(t, reply{body: `{"data":{"access_token":"clt.abc","description":"","error_code":0,"expires_in":7200},"message":"success"}`})
	if err != nil || token.Value != "clt.abc" || token.ExpiresIn != 2*time.Hour {
		t.Errorf("%v %v", token, err)
	}
	want := `/oauth/client_token/||{"grant_type":"client_credential","client_key":"tt0123456789abcdef","client_secret":"s3<cret&\""}`
	if sent := f.sent(); len(sent) != 1 || sent[0] != want {
		t.Errorf("sent %q", sent)
	}
	for code, c := range map[int]struct {
		kind  douyin.Kind
		cause error
		wait  time.Duration
	}{
		10002:   {douyin.Rejected, nil, 0},
		10003:   {douyin.Unauthorized, douyin.ErrCredentials, 0},
		10013:   {douyin.Unauthorized, douyin.ErrCredentials, 0},
		10020:   {douyin.Throttled, nil, time.Minute},
		2100004: {douyin.Unavailable, nil, 0},
	} {
		_, f, err := fetch(t, reply{body: fmt.Sprintf(`{"data":{"access_token":"","description":"s3<cret&\" is bad","error_code":%d,"expires_in":0},"message":"error"}`, code)})
		e := fails(t, douyin.OpClientToken, err)
		if e.Kind != c.kind || e.Code != code || e.RetryAfter != c.wait || len(f.sent()) != 1 || errors.Is(err, douyin.ErrCredentials) != (c.cause != nil) {
			t.Errorf("%d: %v, wait %s", code, err, e.RetryAfter)
		}
	}
	for _, body := range []string{``, `{"data":{"error_code":0,"expires_in":7200}}`, `{"data":{"access_token":"clt.abc","error_code":0,"expires_in":0}}`, `{"data":{"access_token":"clt.abc","error_code":0,"expires_in":999999999999}}`} {
		if token, _, err := fetch(t, reply{body: body}); fails(t, douyin.OpClientToken, err).Kind != douyin.Unavailable || token != (douyin.Token{}) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := NewTokenFetcher(Config{AppID: appID}); err == nil || !strings.Contains(err.Error(), "Secret") {
		t.Error(err)
	}
}
