package admin

import (
	"io"
	"net/http"
	"net/http/pprof"
	"strconv"
)

// ProfilePath lists what this process can tell of itself. The names below it are those of
// net/http/pprof, so whatever reads its profiles reads these.
const ProfilePath = "/debug/pprof/"

// mostSeconds bounds one profile. pprof's own default is 30 s, and a trace's 1 s.
const mostSeconds = 120

// snapshots show the moment. "block" and "mutex" are missing: they are empty unless a program
// pays for them all the time.
var snapshots = []string{"allocs", "goroutine", "heap", "threadcreate"}

const profileList = `/debug/pprof/heap                  memory in use
/debug/pprof/allocs                memory allocated since the start
/debug/pprof/goroutine             what every goroutine does; ?debug=2 as text
/debug/pprof/threadcreate          who started threads
/debug/pprof/profile?seconds=30    processor time
/debug/pprof/trace?seconds=1       what ran when, for go tool trace
`

// mountProfiles serves profiles to operators. See "Why profiles are served, and two of pprof's
// pages are not".
func (a *Admin) mountProfiles() {
	a.Handle("GET "+ProfilePath+"{$}", Operator, http.HandlerFunc(listProfiles))
	for _, name := range snapshots {
		a.Handle("GET "+ProfilePath+name, Operator, a.profiled(pprof.Handler(name)))
	}
	a.Handle("GET "+ProfilePath+"profile", Operator, a.profiled(http.HandlerFunc(pprof.Profile)))
	a.Handle("GET "+ProfilePath+"trace", Operator, a.profiled(http.HandlerFunc(pprof.Trace)))
}

func listProfiles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, profileList) // a failed write is the client's end
}

// profiled bounds how long h lasts and writes who asked for it. h moves the port's write deadline
// by as much, so it gets w itself or a writer with Unwrap.
func (a *Admin) profiled(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		seconds := query.Get("seconds")
		if query.Has("seconds") && !lasts(seconds) {
			http.Error(w, "seconds: want 1 to "+strconv.Itoa(mostSeconds), http.StatusBadRequest)
			return
		}
		who, _ := SignedIn(r.Context())
		a.cfg.Log.Info().Str("audit", "profile").Str("user", who.Name).Str("path", short(r.URL.Path)).
			Str("seconds", seconds).Str("from", address(r)).Msg("admin")
		h.ServeHTTP(w, r)
	})
}

// lasts tells whether a profile may last so many seconds.
func lasts(seconds string) bool {
	n, err := strconv.Atoi(seconds)
	return err == nil && n >= 1 && n <= mostSeconds
}
