package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

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

// recordTime bounds one Record: it holds up a sign-in.
const recordTime = 2 * time.Second

// The acts that happen here.
const (
	ActSignIn       = "sign_in"
	ActSignInFailed = "sign_in_failed"
	ActSignOut      = "sign_out"
	ActQueues       = "queues"
)

// Act is something that somebody did here.
type Act struct {
	Who     string // empty: a name that nobody has
	Act     string
	Subject string // of ActQueues: the method
	Detail  string // of ActQueues: the path
	Address string
}

// record hands an act on to whoever keeps them, if anybody does.
func (a *Admin) record(ctx context.Context, act Act) {
	if a.cfg.Record == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime) // it was done, whoever has gone since
	defer cancel()
	a.cfg.Record(ctx, act)
}

// audit writes the line of one change, done or refused. Of those that nobody is signed in for, as many as a flood lets through.
func (a *Admin) audit(r *http.Request, who Who, status int) {
	if who.Name == "" && !a.flood.Admit("changes by nobody") {
		return
	}
	a.cfg.Log.Info().Str("audit", "change").Str("user", who.Name).Stringer("role", who.Role).Str("method", short(r.Method)).
		Str("path", short(r.URL.Path)).Int("status", status).Str("from", address(r)).Msg("admin")
	if strings.HasPrefix(r.URL.Path, monitorPath) && who.Name != "" && status < http.StatusBadRequest {
		a.record(r.Context(), Act{Who: who.Name, Act: ActQueues, Subject: short(r.Method), Detail: short(r.URL.Path), Address: address(r)})
	}
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
