package playground

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Listen binds an address; "127.0.0.1:0" is a free port of this machine's alone. url leads to it.
func Listen(ctx context.Context, addr string) (l net.Listener, url string, err error) {
	if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", addr); err != nil {
		return nil, "", fmt.Errorf("listen: %w", err)
	}
	return l, "http://" + l.Addr().String(), nil
}

// Anywhere is a free port of this machine's alone.
const Anywhere = "127.0.0.1:0"

// Serve serves h on l until c is closed.
func (c *Closers) Serve(l net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }() // ends with Close
	c.Add(func() { _ = srv.Close() })
}

// On serves what it is given on l until c is closed.
func (c *Closers) On(l net.Listener) func(http.Handler) {
	return func(h http.Handler) { c.Serve(l, h) }
}

// ServeAnywhere serves h on a free port until c is closed.
func (c *Closers) ServeAnywhere(ctx context.Context, h http.Handler) (url string, err error) {
	l, url, err := Listen(ctx, Anywhere)
	if err == nil {
		c.Serve(l, h)
	}
	return url, err
}
