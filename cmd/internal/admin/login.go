package admin

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// maxForm bounds the body of a sign-in.
const maxForm = 4 << 10

//go:embed login.html
var loginHTML string

//go:embed login.css
var loginCSS string

var (
	loginTemplate = template.Must(template.New("login").Parse(loginHTML))
	loginPolicy   = "default-src 'none'; style-src " + source(loginCSS) + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func (a *Admin) loginPage(w http.ResponseWriter, r *http.Request) {
	problem := ""
	if a.keepsNoCookie(r) {
		problem = "This page came over plain http, where your browser will not keep the sign-in: use https, or an SSH tunnel to localhost. 当前为普通 http，浏览器不会保存登录状态：请使用 https，或经 SSH 隧道访问 localhost。"
	}
	a.showLogin(w, http.StatusOK, r.URL.Query().Get("next"), problem)
}

func (a *Admin) showLogin(w http.ResponseWriter, status int, next, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", loginPolicy)
	w.WriteHeader(status)
	_ = loginTemplate.Execute(w, struct {
		Style         template.CSS
		Next, Problem string
	}{template.CSS(loginCSS), a.ownPath(next), problem}) //nolint:gosec // embedded text; a failed write is the client's end
}

// login answers a wrong name and a wrong password alike, after the same time.
func (a *Admin) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "this is not a sign-in form", http.StatusBadRequest)
		return
	}
	name, next, now := r.PostForm.Get("name"), r.PostForm.Get("next"), a.cfg.Now()
	if _, exists := a.cfg.Users[name]; !a.limits.allow(address(r), short(name), exists, now) {
		w.Header().Set("Retry-After", fmt.Sprint(int(signInEvery.Seconds())))
		a.noteSignIn(r, name, http.StatusTooManyRequests)
		a.showLogin(w, http.StatusTooManyRequests, next, "Too many attempts: wait a little. 尝试次数过多，请稍候。")
		return
	}
	switch err := a.checkPassword(r.Context(), name, r.PostForm.Get("password")); {
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		a.noteSignIn(r, name, http.StatusUnauthorized)
		a.showLogin(w, http.StatusUnauthorized, next, "Wrong name or password. 用户名或密码错误。")
	case err != nil: // the client went away while it waited
		http.Error(w, "try again", http.StatusServiceUnavailable)
	default:
		value, expires := a.sessions.sign(name, now)
		http.SetCookie(w, a.cookie(r, value, expires))
		a.noteSignIn(r, name, http.StatusSeeOther)
		http.Redirect(w, r, a.ownPath(next), http.StatusSeeOther) //nolint:gosec // ownPath lets no other host through
	}
}

// checkPassword compares in any case, at most bcryptAtOnce at a time. The error is bcrypt.ErrMismatchedHashAndPassword, or
// that of ctx.
func (a *Admin) checkPassword(ctx context.Context, name, password string) error {
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	u, exists := a.cfg.Users[name]
	hash := u.Hash
	if !exists {
		hash = a.nobody
	}
	if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil || !exists {
		return bcrypt.ErrMismatchedHashAndPassword
	}
	return nil
}

// noteSignIn writes an audit line. A name that nobody has is not written: people type passwords into the wrong field. Of
// tries that are held back, of which there can be any number, as many as a flood lets through.
func (a *Admin) noteSignIn(r *http.Request, name string, status int) {
	if status == http.StatusTooManyRequests && !a.flood.Admit("sign-ins held back") {
		return
	}
	u, exists := a.cfg.Users[name]
	if !exists {
		name = ""
	}
	a.cfg.Log.Info().Str("audit", "sign-in").Str("user", name).Stringer("role", u.Role).Str("method", short(r.Method)).
		Str("path", short(r.URL.Path)).Int("status", status).Str("from", address(r)).Msg("admin")
	act := ActSignInFailed
	if status == http.StatusSeeOther {
		act = ActSignIn
	}
	if status != http.StatusTooManyRequests { // there can be any number of those
		a.record(r.Context(), Act{Who: name, Act: act, Address: address(r)})
	}
}

func (a *Admin) logout(w http.ResponseWriter, r *http.Request) {
	if who, id, ok := a.whoIs(r); ok {
		a.sessions.end(id, a.cfg.Now())
		a.record(r.Context(), Act{Who: who.Name, Act: ActSignOut, Address: who.Address})
	}
	http.SetCookie(w, a.cookie(r, "", time.Unix(1, 0)))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// ownPath keeps a sign-in from leading to another site: only a path of ours is followed.
func (a *Admin) ownPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\t\r\n") || strings.HasPrefix(u.Path, "/login") {
		return a.cfg.Home
	}
	return next
}

// address is the host that a request came from; behind a proxy, the proxy's.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
