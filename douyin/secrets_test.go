package douyin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestNothingSecretLeaves lets Douyin answer with everything it was told, in every shape of
// failure, and looks for secrets, tokens and openids in error texts and receipts.
func TestNothingSecretLeaves(t *testing.T) {
	const token, secret, openID = `0801121"tok/en`, "app-secret-5e1", "_000open/id-Z"
	hidden := []string{token, `0801121\"tok/en`, `0801121\"tok\/en`, "tok/en", secret, openID, `_000open\/id-Z`, "open/id"}
	look := func(t *testing.T, where string, text string) {
		t.Helper()
		for _, h := range hidden {
			if strings.Contains(text, h) {
				t.Errorf("%s shows %s: %s", where, h, text)
			}
		}
	}
	echo := func(status int, format string) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, format, body)
		}))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	words := `{"err_code":%d,"err_msg":"bad: 0801121\"tok\/en app-secret-5e1 _000open\/id-Z _000open/id-Z","err_no":%[1]d}`
	for name, base := range map[string]string{
		"echoed with 200": echo(200, "%s"), "echoed with 400": echo(400, "%s"), "echoed with 500": echo(500, "<pre>%s</pre>"),
		"words with refusal": newFar(t, reply{body: fmt.Sprintf(words, 40012)}).URL,
		"words with token":   newFar(t, reply{body: fmt.Sprintf(words, 40002)}).URL,
		"words with 0":       newFar(t, reply{body: fmt.Sprintf(words, 0)}).URL,
		"nobody there":       "http://127.0.0.1:1", "cut": newRawFar(t, []byte{}),
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestClient(t, base, &fakeTokens{list: []string{token}})
			o := anOrder()
			o.OpenID = openID
			o.Detail.DetailURL = "pages/me?u=" + openID
			r, err := c.PushOrder(context.Background(), o)
			look(t, "error", fmt.Sprintf("%v %+v %#v", err, err, err))
			look(t, "request", string(r.Request))
			look(t, "response", string(r.Response))
			fetcher, newErr := NewTokenFetcher(c.cfg)
			if newErr != nil {
				t.Fatal(newErr)
			}
			_, err = fetcher.FetchToken(context.Background())
			if err != nil {
				look(t, "fetch error", strings.NewReplacer("tok/en", "", openID, "").Replace(err.Error()))
			}
		})
	}
	t.Run("values that could print themselves", func(t *testing.T) {
		cfg := Config{AppID: "tt1", Secret: secret, Salt: secret}
		c, err := NewClient(cfg, nil)
		if err != nil {
			t.Fatal(err)
		}
		fetcher, err := NewTokenFetcher(cfg)
		if err != nil {
			t.Fatal(err)
		}
		tok := Token{Value: token, ExpiresIn: time.Hour}
		for _, v := range []any{cfg, &cfg, c, fetcher, tok, &tok, []Token{tok}, struct{ C Config }{cfg}} {
			look(t, fmt.Sprintf("%T", v), fmt.Sprintf("%v %+v %#v %s", v, v, v, v))
		}
		look(t, "quoted token", fmt.Sprintf("%q %x", tok, tok))
		if !strings.Contains(cfg.String(), "tt1") {
			t.Error(cfg.String())
		}
	})
}

func TestConfigFaultsAreReportedTogether(t *testing.T) {
	_, err := NewClient(Config{BaseURL: "ftp://u:pw-secret@h", Timeout: -1, Codes: map[int]Kind{7: Paused}}, nil)
	for _, want := range []string{"BaseURL", "AppID", "Timeout", "Codes: 7"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in %v", want, err)
		}
	}
	if _, err := NewClient(Config{BaseURL: "https://user:pw-secret@host", AppID: "x"}, nil); err == nil || strings.Contains(err.Error(), "pw-secret") {
		t.Errorf("%v", err)
	}
	if _, err := NewTokenFetcher(Config{AppID: "x"}); err == nil || !strings.Contains(err.Error(), "Secret") {
		t.Errorf("%v", err)
	}
}
