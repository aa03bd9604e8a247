package pages_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// browser is what a story is told to: Chromium, or a reader of plain HTTP and HTML.
type browser interface {
	// open goes to a path of the site.
	open(path string)
	// press presses the link or the button with this text, after filling the fields of its form: an input by its name; of check
	// boxes, the one with that value.
	press(text string, fields map[string]string)
	// text is what a person reads on the page as it stands now.
	text() string
}

// reader is a browser without scripts and without styles: what it can do, everybody can.
type reader struct {
	t      *testing.T
	client *http.Client
	at     *url.URL
	page   *html.Node
}

func newReader(t *testing.T, site string) *reader {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	return &reader{t: t, client: &http.Client{Jar: jar}, at: at}
}

func (r *reader) open(path string) { r.send(http.MethodGet, path, nil) }

func (r *reader) send(method, target string, form url.Values) {
	r.t.Helper()
	to, err := r.at.Parse(target)
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), method, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	answer, err := r.client.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	if answer.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(answer.Body)
		r.t.Fatalf("%s %s: %s\n%s", method, to, answer.Status, body)
	}
	if r.page, err = html.ParseWithOptions(answer.Body, html.ParseOptionEnableScripting(false)); err != nil {
		r.t.Fatal(err)
	}
	r.at = answer.Request.URL
}

func (r *reader) press(text string, fields map[string]string) {
	r.t.Helper()
	pressed := find(r.page, func(n *html.Node) bool { return (n.Data == "a" || n.Data == "button") && readable(n) == text })
	if pressed == nil {
		r.t.Fatalf("%s: nothing to press is called %q:\n%s", r.at, text, readable(r.page))
	}
	if pressed.Data == "a" {
		r.send(http.MethodGet, attribute(pressed, "href"), nil)
		return
	}
	form := pressed
	for form.Data != "form" {
		form = form.Parent
	}
	values := url.Values{}
	visit(form, func(n *html.Node) {
		name := attribute(n, "name")
		given, ok := fields[name]
		switch {
		case n.Data != "input" || name == "":
		case attribute(n, "type") == "checkbox":
			if ok && given == attribute(n, "value") {
				values.Add(name, given)
			}
		case ok:
			values.Set(name, given)
		default:
			values.Set(name, attribute(n, "value"))
		}
	})
	if name := attribute(pressed, "name"); name != "" {
		values.Set(name, attribute(pressed, "value"))
	}
	if attribute(form, "method") == "post" {
		r.send(http.MethodPost, attribute(form, "action"), values)
		return
	}
	r.send(http.MethodGet, attribute(form, "action")+"?"+values.Encode(), nil)
}

// text loads the page again first where the page asks for it.
func (r *reader) text() string {
	if find(r.page, func(n *html.Node) bool { return n.Data == "meta" && attribute(n, "http-equiv") == "refresh" }) != nil {
		r.send(http.MethodGet, r.at.String(), nil)
	}
	return readable(find(r.page, func(n *html.Node) bool { return n.Data == "body" }))
}

func visit(n *html.Node, f func(*html.Node)) {
	f(n)
	for child := range n.ChildNodes() {
		visit(child, f)
	}
}

func find(n *html.Node, is func(*html.Node) bool) (found *html.Node) {
	visit(n, func(n *html.Node) {
		if found == nil && n.Type == html.ElementNode && is(n) {
			found = n
		}
	})
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// readable is a node's text with its spaces made single.
func readable(n *html.Node) string {
	var all []string
	visit(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			all = append(all, strings.Fields(n.Data)...)
		}
	})
	return strings.Join(all, " ")
}
