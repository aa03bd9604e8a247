package dev

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"github.com/ordersync/ordersync/cmd/internal/pages"
)

//go:embed waiting.html
var waitingHTML string

var waitingPage = template.Must(template.New("waiting").Parse(waitingHTML))

// What is being prepared, one after the other, as a person reads it.
const (
	preparesKeys  = "keys, token and password"
	preparesShop  = "the shop's database"
	preparesParts = "Redis, gateway, workers and scheduler"
)

// preparations are those of a start.
var preparations = []string{preparesKeys, preparesShop, preparesParts}

// waiting is the page that the ports show before what belongs there can answer.
type waiting struct {
	words
	Steps []string
	Now   string // one of Steps
}

// prepares says what is being prepared from now on.
func (d *deployment) prepares(what string) { d.step.Store(what) }

func (d *deployment) now() string {
	what, _ := d.step.Load().(string)
	return what
}

// wait answers a person whose page comes in a moment; the browser asks again by itself.
func (d *deployment) wait(w http.ResponseWriter, r *http.Request) {
	var page bytes.Buffer
	s := waiting{words: words{pages.WantsChinese(w, r)}, Steps: preparations, Now: d.now()}
	if err := waitingPage.Execute(&page, &s); err != nil {
		d.Log.Error().Err(err).Msg("dev: the page of what is being prepared")
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = page.WriteTo(w) // an error here: the browser is gone
}

// askAgain answers a program that calls the gateway too early, as the gateway itself would.
func askAgain(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(`{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"ordersync dev is being prepared, or ending: ask again"}` + "\n"))
}
