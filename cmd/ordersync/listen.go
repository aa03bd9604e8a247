package main

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
)

// deadlines bound what a connection may hold of a process. Every port has the same.
type deadlines struct {
	header time.Duration // from its first byte until a request's headers are here
	read   time.Duration // until its body is here too
	write  time.Duration // from then on until the whole answer is taken; longer than any handler needs
	stall  time.Duration // for one piece of an answer: a reader that does not read is cut off
	idle   time.Duration // between two requests
	drain  time.Duration // after a signal, until requests in flight are answered; longer than stall
}

var ports = deadlines{
	header: 5 * time.Second, read: 20 * time.Second, write: time.Minute, stall: 10 * time.Second, idle: 2 * time.Minute,
	drain: assembly.Drain,
}

// listen serves handler on addr until ctx ends, then lets requests in flight finish. The error names what and addr.
func listen(ctx context.Context, what, addr string, handler http.Handler, log zerolog.Logger) error {
	ln, err := bind(ctx, addr)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return serve(ctx, what, ln, handler, log)
}

func bind(ctx context.Context, addr string) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
}

// serve is listen on a listener that is bound already. It closes ln.
func serve(ctx context.Context, what string, ln net.Listener, handler http.Handler, log zerolog.Logger) error {
	return serveWithin(ctx, ports, what, ln, handler, log)
}

func serveWithin(ctx context.Context, d deadlines, what string, ln net.Listener, handler http.Handler, log zerolog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: d.header,
		ReadTimeout:       d.read,
		WriteTimeout:      d.write,
		IdleTimeout:       d.idle,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          stdlog.New(log.With().Str("lib", "net/http").Logger(), "", 0),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	log.Info().Str("addr", ln.Addr().String()).Msg(what + " listens")
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(&patientListener{ln, d.stall}) }()
	select {
	case err := <-ended:
		return fmt.Errorf("%s: %w", what, err)
	case <-ctx.Done():
	}
	// ctx has ended; what is left is to end well.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.drain)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		// Whoever is not done by now is slow on purpose, or will ask again: no reason to call the end a failure.
		log.Warn().Err(errors.Join(err, server.Close())).Msg(what + " stopped; connections that had not ended were cut")
		return nil
	}
	log.Info().Msg(what + " stopped")
	return nil
}
