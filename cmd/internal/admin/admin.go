package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"golang.org/x/crypto/bcrypt"

	"github.com/ordersync/ordersync/tasks/gateway"
)

// Config is what the pages need.
type Config struct {
	Redis  redis.UniversalClient // asynq's; not closed here. nil: no asynqmon
	Users  map[string]User       // by name; empty: nobody can sign in
	Cookie CookieRule            // when it travels over https alone
	// Home is where a sign-in leads that was not asked for by a page. Empty: asynqmon, and without
	// it the list of profiles.
	Home string
	// Record writes down who signed in or out, and what was changed in asynqmon; nil: the log alone
	// has it. It is bounded by its context.
	Record func(context.Context, Act)
	Log    zerolog.Logger
	Now    func() time.Time
}

// Admin is the handler of the private port. Handle may not be called while it serves.
type Admin struct {
	cfg      Config
	mux      *http.ServeMux
	handler  http.Handler
	sessions *sessions
	limits   limits
	flood    gateway.Flood
	hashing  chan struct{} // one token per bcrypt that may run
	nobody   []byte        // the hash that is compared for unknown names
}

// New makes the sign-in, /healthz, the profiles and asynqmon; Handle adds to them.
func New(cfg Config) (*Admin, error) {
	switch {
	case cfg.Now == nil:
		return nil, errors.New("admin: Now is needed")
	case cfg.Home != "":
	case cfg.Redis == nil:
		cfg.Home = ProfilePath
	default:
		cfg.Home = monitorPath
	}
	a := &Admin{cfg: cfg, mux: http.NewServeMux(), sessions: newSessions(), hashing: make(chan struct{}, bcryptAtOnce)}
	a.flood.Log = cfg.Log
	var err error
	if a.nobody, err = hashOfNobody(cfg.Users); err != nil {
		return nil, err
	}
	a.HandleOpen("GET /healthz", http.HandlerFunc(healthy))
	a.HandleOpen("GET /login", http.HandlerFunc(a.loginPage))
	a.HandleOpen("POST /login", http.HandlerFunc(a.login))
	a.Handle("POST /logout", Viewer, http.HandlerFunc(a.logout))
	a.mountProfiles()
	if cfg.Redis != nil {
		monitor, err := newMonitor(cfg.Redis)
		if err != nil {
			return nil, err
		}
		a.Handle(monitorPath, Viewer, monitor)
	}

	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(a.foreign))
	a.handler = headers(origin.Handler(a.mux))
	return a, nil
}

// hashOfNobody costs as much to compare as the dearest user's, so that the time of an answer tells nothing about names.
func hashOfNobody(users map[string]User) ([]byte, error) {
	dearest := bcrypt.MinCost
	for name, u := range users {
		cost, err := bcrypt.Cost(u.Hash)
		if err != nil || u.Role != Viewer && u.Role != Operator {
			return nil, fmt.Errorf("admin: user %s has no bcrypt hash or no role", name)
		}
		dearest = max(dearest, cost)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("nobody's"), dearest)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	return hash, nil
}

func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// HandleOpen serves a pattern of http.ServeMux to everybody who reaches the port.
func (a *Admin) HandleOpen(pattern string, h http.Handler) { a.mux.Handle(pattern, h) }

// Handle serves a pattern of http.ServeMux to those who are signed in with at least that role: SignedIn tells the handler who.
// Every change is written to the log. Others are asked to sign in (401; a page that is read in a browser: 303 to the form), or
// told that their role does not suffice (403).
func (a *Admin) Handle(pattern string, least Role, h http.Handler) {
	if least != Viewer && least != Operator {
		panic("admin: Handle " + pattern + ": want a role")
	}
	a.mux.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _, ok := a.whoIs(r)
		if changes(r) {
			counted := &statusWriter{ResponseWriter: w}
			status := http.StatusInternalServerError // of a handler that panics
			defer func() { a.audit(r, who, status) }()
			a.serve(counted, r, who, ok, least, h)
			status = counted.status()
			return
		}
		a.serve(w, r, who, ok, least, h)
	}))
}

func (a *Admin) serve(w http.ResponseWriter, r *http.Request, who Who, exists bool, least Role, h http.Handler) {
	switch {
	case !exists:
		a.askToSignIn(w, r)
	case who.Role < least:
		http.Error(w, "your role may look and not change", http.StatusForbidden)
	default:
		h.ServeHTTP(w, r.WithContext(withWho(r.Context(), who)))
	}
}

func (a *Admin) askToSignIn(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	http.Error(w, "sign in first", http.StatusUnauthorized)
}

// foreign answers a change that another site's page asked for.
func (a *Admin) foreign(w http.ResponseWriter, r *http.Request) {
	who, _, _ := a.whoIs(r)
	a.audit(r, who, http.StatusForbidden)
	http.Error(w, "this change was not asked for by a page of this site", http.StatusForbidden)
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
}
