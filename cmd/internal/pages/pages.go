package pages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/tasks/inbox"
)

// Home is the path of the start page: admin.Config.Home.
const Home = "/"

// pageTimeout bounds what one page may ask of the database. Every query is bounded too; this is for a database that hangs.
const pageTimeout = 15 * time.Second

// Inspector tells how full the queues are: an *asynq.Inspector.
type Inspector interface {
	Queues() ([]string, error) // those on which something was ever put
	GetQueueInfo(queue string) (*asynq.QueueInfo, error)
	Servers() ([]*asynq.ServerInfo, error) // those that run tasks
}

// Deps is what the pages are made of. Store, Queue, Inspector, Processes and Now are needed.
type Deps struct {
	Store     *store.Store
	Queue     tasks.Enqueuer
	Inspector Inspector
	Now       func() time.Time
	Zone      *time.Location // in which times are shown; nil: this machine's
	Log       zerolog.Logger
	// Rate is the rate of pushes now and as configured; 0: no limit. Nil: not known here.
	Rate func(ctx context.Context) (now, most float64)
	// Processes are the signs of life of all processes. An error: Redis does not answer.
	Processes func(ctx context.Context) ([]alive.Process, error)
	// Token tells how long the token of pushes still serves; 0: there is none. Nil, or an error: not
	// known here.
	Token func(ctx context.Context) (left time.Duration, err error)
	// Ready tells whether Redis and MySQL take what is written, as a *probe.Error. Nil: not known here.
	Ready func(ctx context.Context) error
	// Buried are entries of the dead stream, the newest first, and how many there are. Nil: not known here.
	Buried func(ctx context.Context, page inbox.BuriedPage) ([]inbox.Buried, int64, error)
	// Jobs runs what is asked for of whole filters. Nil: it waits for a process that has one.
	Jobs *Jobs
	// Settings are the configuration of this process, and Version its own; empty: not known here.
	Settings []Setting
	Version  string
	// HandsOn tells that callbacks are handed to a handler of the shop's own.
	HandsOn bool
	// Statuses counts the shop's newest orders by status. Nil, or an error: not known here.
	Statuses func(ctx context.Context) (store.StatusCounts, error)
}

// pages answers the requests.
type pages struct {
	Deps
	templates map[string]*template.Template
	watch     watch
	readings  readings
}

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed pages.css
var style []byte

//go:embed pages.js
var script []byte

//go:embed pages.svg
var icon []byte

// styleDigest changes with the style sheet, the icon and the script, which browsers may therefore keep.
var styleDigest = func() string {
	sum := sha256.Sum256(slices.Concat(style, icon, script))
	return hex.EncodeToString(sum[:6])
}()

// Mount serves the pages on a. The start page is Home.
func Mount(a *admin.Admin, d Deps) error {
	if d.Store == nil || d.Queue == nil || d.Inspector == nil || d.Now == nil || d.Processes == nil {
		return errors.New("pages: Store, Queue, Inspector, Processes and Now are needed")
	}
	if d.Zone == nil {
		d.Zone = time.Local
	}
	p := &pages{Deps: d, templates: map[string]*template.Template{}}
	if d.Jobs == nil {
		p.Jobs = NewJobs(d.Store, d.Log)
	}
	for _, name := range []string{"start", "failures", "search", "order", "load", "health", "list", "inbox", "backfills", "jobs", "job", "confirm", "who", "settings", "audits", "problem"} {
		t, err := template.New("frame.html").ParseFS(templateFiles, "templates/frame.html", "templates/parts.html", "templates/filter.html", "templates/"+name+".html")
		if err != nil {
			return fmt.Errorf("pages: %w", err)
		}
		p.templates[name] = t
	}
	a.Handle("GET /{$}", admin.Viewer, p.page(p.start))
	a.Handle("GET /failures", admin.Viewer, p.page(p.failures))
	a.Handle("GET /search", admin.Viewer, p.page(p.search))
	a.Handle("GET /orders/{id}", admin.Viewer, p.page(p.order))
	a.Handle("GET /load", admin.Viewer, p.page(p.load))
	a.Handle("GET /audits", admin.Viewer, p.page(p.audits))
	a.Handle("POST /audits", admin.Operator, p.page(p.say))
	a.Handle("GET /failures.csv", admin.Viewer, p.sendCSV(p.failuresCSV))
	a.Handle("GET /lists/{list}", admin.Viewer, p.page(p.list))
	a.Handle("GET /lists/{list}/csv", admin.Viewer, p.sendCSV(p.listCSV))
	a.Handle("GET /inbox", admin.Viewer, p.page(p.inboxFaults))
	a.Handle("GET /inbox.csv", admin.Viewer, p.sendCSV(p.inboxCSV))
	a.Handle("GET /backfills.csv", admin.Viewer, p.sendCSV(p.backfillsCSV))
	a.Handle("GET /backfills", admin.Viewer, p.page(p.backfills))
	a.Handle("GET /jobs", admin.Viewer, p.page(p.jobs))
	a.Handle("GET "+confirmPath, admin.Operator, p.page(p.confirmJob))
	a.Handle("GET /jobs/{id}", admin.Viewer, p.page(p.job))
	a.Handle("GET /who", admin.Viewer, p.page(p.whoDidWhat))
	a.Handle("POST /jobs", admin.Operator, p.page(p.beginJob))
	a.Handle("POST /callbacks/{id}/hand-on", admin.Operator, p.page(p.handOn))
	a.Handle("GET /health", admin.Viewer, p.page(p.healthPage))
	a.Handle("POST /orders/{id}/push", admin.Operator, p.page(p.pushOne))
	a.Handle("POST /push", admin.Operator, p.page(p.pushMany))
	a.Handle("POST /alarms", admin.Operator, p.page(p.acknowledge))
	a.Handle("/", admin.Viewer, p.page(p.notFound))
	a.Handle("GET /pages.css", admin.Viewer, file("text/css; charset=utf-8", style))
	a.Handle("GET /pages.js", admin.Viewer, file("text/javascript; charset=utf-8", script))
	a.Handle("GET /settings", admin.Viewer, p.page(p.settings))
	a.Handle("GET /pages.svg", admin.Viewer, file("image/svg+xml", icon))
	return nil
}

// file serves bytes that browsers may keep: their addresses hold styleDigest.
func file(kind string, content []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
		_, _ = w.Write(content) // a failed write is the client's end
	})
}

// errNoPage: there is nothing at this address.
var errNoPage = &problem{http.StatusNotFound, "There is no page at this address."}

// notFound is our page for what there is not.
func (p *pages) notFound(context.Context, *http.Request, lang) (view, error) {
	return view{}, errNoPage
}

// problem is what is shown in place of a page: its status and what to say, a text of the word list.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

// redirect leads to another page.
type redirect string

func (r redirect) Error() string { return "see " + string(r) }

// view is a page that succeeded: which template, its title (a text of the word list) and its content.
type view struct {
	template string
	title    string
	content  any
	notice   string // what was done, in the reader's language; empty: nothing
	live     bool   // the script keeps it as of now
	refresh  int    // seconds after which the browser asks again; 0: it does not
}

// page runs a handler and shows what it returns: a view, a *problem, a redirect, or an error of the database, which is logged
// here and not shown.
func (p *pages) page(h func(ctx context.Context, r *http.Request, l lang) (view, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pageTimeout)
		defer cancel()
		l := chooseLang(w, r)
		go p.look(ctx) // beside the page's own questions, which it must not make slower
		out, err := h(ctx, r, l)
		var to redirect
		var said *problem
		status := http.StatusOK
		switch {
		case err == nil:
		case errors.As(err, &to):
			http.Redirect(w, r, string(to), http.StatusSeeOther)
			return
		case errors.As(err, &said):
			status, out = said.status, view{template: "problem", title: "That did not work", content: said.text}
		default:
			p.Log.Error().Err(err).Str("path", r.URL.Path).Msg("admin page")
			p.watch.forget() // it was well a moment ago, and is not now
			status, out = http.StatusServiceUnavailable, view{template: "problem", title: "That did not work", content: "The database does not answer, or answers with an error. The log of this process says more."}
		}
		p.show(ctx, w, r, l, status, out)
	})
}

// show renders into memory first: half a page would look like a whole one.
func (p *pages) show(ctx context.Context, w http.ResponseWriter, r *http.Request, l lang, status int, v view) {
	who, _ := admin.SignedIn(r.Context())
	f := frame{
		lang: l, Zone: p.Zone, Now: p.Now(), User: who.Name, Operator: who.Role >= admin.Operator, Title: l.T(v.title),
		Style: styleDigest, Other: otherLanguage(r, l), Query: r.URL.Query().Get("q"), Notice: v.notice, Refresh: v.refresh, Live: v.live, Page: v.content, At: v.template,
	}
	f.Health = f.health(p.look(ctx))
	var body bytes.Buffer
	if err := p.templates[v.template].Execute(&body, &f); err != nil {
		p.Log.Error().Err(err).Str("path", r.URL.Path).Msg("admin page")
		http.Error(w, "this page cannot be shown; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", l.tag())
	w.Header().Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a failed write is the client's end
}
