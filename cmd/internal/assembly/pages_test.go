package assembly

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/bcrypt"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/metrics"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store/servertest"
)

// Whoever signs in stands before what needs a person.
func TestASignInLeadsToTheOrderPages(t *testing.T) {
	const password = "correct horse"
	hash, err := admin.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	a := newScene(t, sceneConfig{}).process(func(cfg *configs.Config) {
		cfg.Admin.Users = map[string]configs.Secret{"omar": configs.Secret("operator:" + hash)}
	})
	port, err := a.Admin()
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(port)
	t.Cleanup(site.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	form := url.Values{"name": {"omar"}, "password": {password}}.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+"/login", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.Request.URL.Path != "/" || !strings.Contains(string(page), "What needs a person") {
		t.Errorf("the sign-in leads to %s: %v\n%s", answer.Request.URL, err, page)
	}
}

func TestTheWordsOfSecureCookieAreHeeded(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), 10) // the cheapest that is taken: the race detector makes it dear
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]bool{"auto": false, "always": true, "never": false, "": false} { // httptest listens on 127.0.0.1
		cfg := configs.Default()
		cfg.Admin.SecureCookie = word
		cfg.Admin.Users = map[string]configs.Secret{"omar": configs.Secret("operator:" + string(hash))}
		db := servertest.DB(t)
		a := New(cfg, zerolog.Nop(), WithDB(db), WithRedis(servertest.Redis(t)))
		t.Cleanup(func() { _ = a.Close(t.Context()) })
		port, err := a.Admin()
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8081/login", strings.NewReader(url.Values{"name": {"omar"}, "password": {"correct horse"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		port.ServeHTTP(w, r)
		if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].Secure != want { //nolint:bodyclose // a recorder's
			t.Errorf("%q: cookies %v, want one that is Secure: %v", word, cookies, want)
		}
	}
}

// What a process does is known to all as long as it runs.
func TestAProcessGivesSignsOfLife(t *testing.T) {
	rdb := servertest.Redis(t)
	a := New(configs.Default(), zerolog.Nop(), WithRedis(rdb), WithBuild(metrics.Build{Version: "v9"}))
	for _, role := range []string{alive.Gateway, alive.Worker} {
		if err := a.Lives(role); err != nil {
			t.Fatal(err)
		}
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		all, err := alive.Read(t.Context(), rdb)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 1 && all[0].Has(alive.Gateway) && all[0].Has(alive.Worker) {
			if all[0].Version != "v9" || !all[0].Alive() || len(all[0].Breakers) != 0 {
				t.Errorf("%+v", all)
			}
			break
		}
		<-tick.C
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := alive.Read(t.Context(), rdb); err != nil || len(all) != 0 {
		t.Errorf("it is closed and lives: %+v, %v", all, err)
	}
}
