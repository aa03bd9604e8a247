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
)

// drainTimeout bounds how long requests in flight may take after a signal. The gateway's own are bounded by 10 s.
const drainTimeout = 15 * time.Second

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
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          stdlog.New(log.With().Str("lib", "net/http").Logger(), "", 0),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	log.Info().Str("addr", ln.Addr().String()).Msg(what + " listens")
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	select {
	case err := <-ended:
		return fmt.Errorf("%s: %w", what, err)
	case <-ctx.Done():
	}
	// ctx has ended; what is left is to end well.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("%s: requests were still in flight: %w", what, err), server.Close())
	}
	log.Info().Msg(what + " stopped")
	return nil
}
