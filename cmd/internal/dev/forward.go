package dev

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// maxCallback is more than ordersync hands on.
const maxCallback = 1 << 20

// CheckForward tells what is wrong with Options.Forward.
func CheckForward(address string) error {
	_, err := handlerAt(address)
	return err
}

func handlerAt(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("want the address of a handler, such as http://127.0.0.1:8000/dy_notify, found %q", address)
	}
	return u, nil
}

// callbacks is where ordersync hands callbacks on to: the sample shop, and behind it the handler of
// whoever develops, where there is one.
func (d *deployment) callbacks(sample http.Handler) (http.Handler, error) {
	if d.Forward == "" {
		return sample, nil
	}
	to, err := handlerAt(d.Forward)
	if err != nil {
		return nil, err
	}
	return handOn(to, sample), nil
}

// handOn gives each callback to the sample shop first. The answer is that of the handler at to: until
// it says success the callback comes again, as in production.
func handOn(to *url.URL, sample http.Handler) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL, r.Out.Host = to, to.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "the handler of --forward: "+err.Error(), http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		again := func() *http.Request {
			next := r.Clone(r.Context())
			next.Body, next.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			return next
		}
		heard := &unheard{header: http.Header{}, status: http.StatusOK}
		if sample.ServeHTTP(heard, again()); heard.status != http.StatusOK {
			http.Error(w, "the sample shop could not take the callback", heard.status)
			return
		}
		proxy.ServeHTTP(w, again())
	})
}

// unheard is an answer of which only the status is read.
type unheard struct {
	header http.Header
	status int
}

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u *unheard) WriteHeader(status int)      { u.status = status }
