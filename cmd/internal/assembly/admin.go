package assembly

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/pages"
	"github.com/ordersync/ordersync/cmd/internal/probe"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// readyTimeout bounds one /readyz. It is shorter than what probes usually wait.
const readyTimeout = 2 * time.Second

// Admin is the private port in full: pages behind a sign-in, and what everybody who reaches the
// port may ask for. Without admin.users nobody can sign in, which the log says.
func (a *Assembly) Admin() (http.Handler, error) {
	users, err := adminUsers(a.cfg.Admin.Users)
	if err != nil {
		return nil, err
	}
	redis, err := a.Redis()
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		a.log.Warn().Str("key", "admin.users").Msg("nobody can sign in to the private port: `ordersync admin-hash` makes a user")
	}
	port, err := a.port(admin.Config{Redis: redis, Users: users, Home: pages.Home, Record: a.recordAct})
	if err != nil {
		return nil, err
	}
	if err := a.mountPages(port); err != nil {
		return nil, err
	}
	return port, a.open(port.HandleOpen)
}

// port adds to cfg what every private port has.
func (a *Assembly) port(cfg admin.Config) (*admin.Admin, error) {
	cfg.Cookie, cfg.Log, cfg.Now = cookieRules[a.cfg.Admin.SecureCookie], a.log, time.Now
	return admin.New(cfg)
}

// cookieRules are the words of admin.secure_cookie. An empty one, of a Config made by hand, is
// auto.
var cookieRules = map[string]admin.CookieRule{"auto": admin.CookieAuto, "always": admin.CookieAlways, "never": admin.CookieNever}

func (a *Assembly) mountPages(port *admin.Admin) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	queue, err := a.AsynqClient()
	if err != nil {
		return err
	}
	inspector, err := a.Inspector()
	if err != nil {
		return err
	}
	counts, err := a.statusCounts()
	if err != nil {
		return err
	}
	redis, err := a.Redis()
	if err != nil {
		return err
	}
	ready, err := a.Ready()
	if err != nil {
		return err
	}
	zone, err := a.Zone()
	if err != nil {
		return err
	}
	return pages.Mount(port, pages.Deps{
		Zone: zone, Settings: a.settings(), Version: a.build.Version,
		Processes: func(ctx context.Context) ([]alive.Process, error) { return alive.Read(ctx, redis) },
		Token:     a.tokenLeft, Ready: ready, Jobs: a.runJobs(st), HandsOn: a.cfg.Callbacks.ForwardURL != "",
		Buried: func(ctx context.Context, page inbox.BuriedPage) ([]inbox.Buried, int64, error) {
			return inbox.BuriedEntries(ctx, redis, page)
		},
		Store: st, Queue: queue, Inspector: inspector, Now: st.Clock, Log: a.log, Rate: a.pushRate, Statuses: counts.Count,
	})
}

// settings are the configuration as a page shows it: no value of it is a secret.
func (a *Assembly) settings() []pages.Setting {
	var all []pages.Setting
	for _, e := range a.cfg.Effective() {
		all = append(all, pages.Setting{Key: e.Key, Value: e.Text(), From: e.From})
	}
	return all
}

// runJobs runs what operators ask for of whole filters, until Close.
func (a *Assembly) runJobs(st *store.Store) *pages.Jobs {
	jobs := pages.NewJobs(st, a.log)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { jobs.Run(ctx) })
	a.onClose("jobs", func(context.Context) error {
		stop()
		running.Wait()
		return nil
	})
	return jobs
}

// recordAct writes down who signed in, and what was changed in asynqmon. The database may be away:
// the log has a line of it then, and nobody is kept out.
func (a *Assembly) recordAct(ctx context.Context, act admin.Act) {
	st, err := a.Store()
	if err == nil {
		err = st.RecordAct(ctx, store.Act{At: time.Now(), Who: act.Who, Act: act.Act, Subject: act.Subject, Detail: act.Detail, Address: act.Address})
	}
	if err != nil {
		a.log.Warn().Err(err).Str("act", act.Act).Msg("admin: what was done cannot be written down")
	}
}

// tokenLeft is how long the token of pushes still serves. A gateway alone may not know the secret
// that it is sealed with.
func (a *Assembly) tokenLeft(ctx context.Context) (time.Duration, error) {
	tokens, err := a.Tokens()
	if err != nil {
		return 0, err
	}
	_, left, err := tokens.Life(ctx)
	return left, err
}

// Probes is the private port of a process without pages: /healthz, /readyz and /metrics, and where
// there are admin.users, the profiles of the process behind a sign-in.
func (a *Assembly) Probes() (http.Handler, error) {
	users, err := adminUsers(a.cfg.Admin.Users)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
		return mux, a.open(mux.Handle)
	}
	port, err := a.port(admin.Config{Users: users})
	if err != nil {
		return nil, err
	}
	return port, a.open(port.HandleOpen)
}

// open adds what is served without a sign-in. /healthz is there already.
func (a *Assembly) open(handle func(pattern string, h http.Handler)) error {
	handle("GET /metrics", a.metrics.Handler())
	ready, err := a.Ready()
	if err != nil {
		return err
	}
	handle("GET /readyz", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := ready(ctx); err != nil {
			text := "Redis or MySQL does not answer in time"
			var bad *probe.NotReadyError
			if errors.As(err, &bad) { // the rest names hosts, and is in the log of whoever fails by it
				text = strings.Join(bad.Missing(), "; ")
			}
			say(w, http.StatusServiceUnavailable, text)
			return
		}
		say(w, http.StatusOK, "ready")
	}))
	return nil
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // an error here: the client is gone
}

// adminUsers reads admin.users. The error is a *configs.Error that names every bad one and shows
// none of the values.
func adminUsers(values map[string]configs.Secret) (map[string]admin.User, error) {
	users := make(map[string]admin.User, len(values))
	var problems []configs.Problem
	for _, name := range slices.Sorted(maps.Keys(values)) {
		u, err := admin.ParseUser(name, values[name].Reveal())
		if err != nil {
			problems = append(problems, configs.Problem{Key: "admin.users", Want: err.Error()})
			continue
		}
		users[name] = u
	}
	if len(problems) > 0 {
		return nil, &configs.Error{Problems: problems}
	}
	return users, nil
}
