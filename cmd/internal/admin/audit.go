package admin

import (
	"context"
	"net/http"

	"github.com/ordersync/ordersync/tasks/cut"
)

const maxPathBytes = 256

// changes tells whether a request asks for a change. All pages keep GET and HEAD free of effects.
func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

// audit writes the line of one change, done or refused. Of those that nobody is signed in for, as many as a flood lets through.
func (a *Admin) audit(r *http.Request, who Who, status int) {
	if who.Name == "" && !a.flood.Admit("changes by nobody") {
		return
	}
	a.cfg.Log.Info().Str("audit", "change").Str("user", who.Name).Stringer("role", who.Role).Str("method", short(r.Method)).
		Str("path", short(r.URL.Path)).Int("status", status).Str("from", address(r)).Msg("admin")
}

// short makes foreign text fit for a log line.
func short(text string) string { return cut.Marked(text, maxPathBytes) }

func withWho(ctx context.Context, who Who) context.Context {
	return context.WithValue(ctx, whoKey{}, who)
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// status is 200 for a handler that wrote nothing, as net/http answers.
func (w *statusWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}
