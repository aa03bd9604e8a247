package admin

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

const (
	monitorPath = "/asynqmon/"
	monitorRoot = "/asynqmon"
)

// sharedRedis hands asynqmon our pool. asynqmon serves Redis's INFO where it recognises the client's concrete type; it does not
// recognise this one.
type sharedRedis struct{ redis.UniversalClient }

// MakeRedisClient implements asynq.RedisConnOpt.
func (s sharedRedis) MakeRedisClient() any { return s }

var _ asynq.RedisConnOpt = sharedRedis{}

// monitor is asynqmon, once for those who may look and once for those who may change.
type monitor struct {
	look, change monitorPages
}

type monitorPages struct {
	handler http.Handler
	start   []byte // the start page, without its foreign fonts and its manifest
	policy  string
}

func newMonitor(client redis.UniversalClient) (*monitor, error) {
	look, err := newMonitorPages(client, true)
	if err != nil {
		return nil, err
	}
	change, err := newMonitorPages(client, false)
	return &monitor{look, change}, err
}

var (
	foreignLink  = regexp.MustCompile(`<link[^>]*(?:href|src)="(?:https?:)?//[^>]*>`)
	manifestLink = regexp.MustCompile(`<link[^>]*rel="manifest"[^>]*>`) // browsers fetch it without the cookie: 401 in their console
	inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
)

// wayBack leads from asynqmon to the pages around it. It stands in a corner of its own, for
// asynqmon's page is drawn by its scripts.
const wayBack = `<a href="/" style="position:fixed;right:12px;bottom:12px;z-index:2000;padding:6px 12px;border-radius:16px;` +
	`background:#1a56c4;color:#fff;font:14px system-ui,sans-serif;text-decoration:none">← ordersync</a>`

// newMonitorPages renders the start page once. Its inline scripts are allowed by their text; its styles are made by
// JavaScript, so inline styles must be allowed as such.
func newMonitorPages(client redis.UniversalClient, readOnly bool) (monitorPages, error) {
	handler := asynqmon.New(asynqmon.Options{
		RootPath: monitorRoot, RedisConnOpt: sharedRedis{client}, ReadOnly: readOnly,
		PayloadFormatter: asynqmon.PayloadFormatterFunc(showPayload),
		ResultFormatter:  asynqmon.ResultFormatterFunc(func(string, []byte) string { return hiddenText }),
	})
	got := newBuffer()
	handler.ServeHTTP(got, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: monitorPath}})
	page := manifestLink.ReplaceAll(foreignLink.ReplaceAll(got.body.Bytes(), nil), nil)
	if !got.isStartPage() || bytes.Contains(page, []byte("://")) {
		return monitorPages{}, errors.New("admin: asynqmon's start page is not the one this program knows")
	}
	page = bytes.Replace(page, []byte("</body>"), []byte(wayBack+"</body>"), 1)
	scripts := "script-src 'self'"
	for _, s := range inlineScript.FindAllSubmatch(page, -1) {
		scripts += " " + source(string(s[1]))
	}
	return monitorPages{handler, page, policy + "; " + scripts + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:"}, nil
}

// ServeHTTP shows each their own asynqmon. It is mounted for viewers.
func (m *monitor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who, _ := SignedIn(r.Context())
	pages := m.look
	if who.Role == Operator {
		pages = m.change
	} else if changes(r) {
		http.Error(w, "your role may look and not change", http.StatusMethodNotAllowed)
		return
	}
	call, isCall := strings.CutPrefix(path.Clean(r.URL.Path), monitorPath+"api/")
	switch {
	case isCall && (call == "redis_info" || call == "metrics"):
		http.NotFound(w, r)
	case isCall && strings.HasSuffix(call, ":archive_all"):
		http.Error(w, "archiving everything at once can break asynq's archive; archive single tasks, or delete", http.StatusForbidden)
	default:
		got := newBuffer()
		pages.handler.ServeHTTP(got, r)
		pages.put(w, r, got, isCall)
	}
}

// put passes asynqmon's page on, put right.
func (p monitorPages) put(w http.ResponseWriter, r *http.Request, got *buffer, isCall bool) {
	body, kind := got.body.Bytes(), got.Header().Get("Content-Type")
	switch {
	case got.isStartPage() && (isCall || changes(r)): // a call that asynqmon does not know
		http.NotFound(w, r)
		return
	case got.isStartPage():
		body, kind = p.start, "text/html; charset=utf-8"
		w.Header().Set("Content-Security-Policy", p.policy)
	case isCall && kind == "":
		kind = "application/json"
	case !isCall && got.status() == http.StatusOK:
		kind = fileType(r.URL.Path, kind)
		if strings.HasPrefix(r.URL.Path, monitorPath+"static/") { // names that hold a digest of the content
			w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
		}
	}
	if to := got.Header().Get("Location"); to != "" {
		w.Header().Set("Location", to)
	}
	if kind != "" && len(body) > 0 {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(got.status())
	_, _ = w.Write(body) // asynqmon's own page or JSON with its type set; a failed write is the client's end
}

// fileType is the type by the file's name: asynqmon guesses from the content, and a browser refuses a style sheet called text.
func fileType(name, guessed string) string {
	switch ext := path.Ext(name); ext {
	case ".map":
		return "application/json"
	case ".css", ".js", ".json", ".svg", ".png", ".txt":
		if byName := mime.TypeByExtension(ext); byName != "" {
			return byName
		}
	}
	return guessed
}

// buffer is an http.ResponseWriter that keeps the response.
type buffer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func newBuffer() *buffer { return &buffer{header: http.Header{}} }

func (b *buffer) Header() http.Header { return b.header }

func (b *buffer) WriteHeader(code int) {
	if b.code == 0 {
		b.code = code
	}
}

func (b *buffer) Write(p []byte) (int, error) {
	n, err := b.body.Write(p)
	if err != nil {
		return n, fmt.Errorf("admin: %w", err)
	}
	return n, nil
}

func (b *buffer) status() int {
	if b.code == 0 {
		return http.StatusOK
	}
	return b.code
}

func (b *buffer) isStartPage() bool {
	return bytes.HasPrefix(bytes.ToLower(b.body.Bytes()[:min(b.body.Len(), 15)]), []byte("<!doctype html>"))
}
