package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// part is a long-running piece of a process: it runs until ctx ends.
type part func(context.Context, *configs.Config, *assembly.Assembly) error

// withPrivatePort runs a part with the private port beside it. The port is bound first, so that a process that cannot have it
// does not begin to work, unless it is the default's; whichever of the two fails ends the other. An empty admin.addr serves nothing.
func (p *process) withPrivatePort(handler func(*assembly.Assembly) (http.Handler, error), run part) part {
	return func(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
		if cfg.Admin.Addr == "" {
			return run(ctx, cfg, a)
		}
		h, err := handler(a)
		if err != nil {
			return err
		}
		ln, err := bindPrivate(ctx, cfg.Admin.Addr)
		switch {
		case errors.Is(err, syscall.EADDRINUSE) && !cfg.Given("admin.addr"):
			// Nobody asked for this port: several processes on one machine must run without being told.
			log := p.logger(cfg)
			log.Warn().Err(err).Msg("the operators' port is another process's; this one serves none")
			return run(ctx, cfg, a)
		case err != nil:
			return err
		}
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return serve(ctx, "admin", ln, h, p.logger(cfg)) })
		g.Go(func() error { return run(ctx, cfg, a) })
		return g.Wait()
	}
}

// bindPrivate says what to do where the port is another process's: on one machine each needs its own.
func bindPrivate(ctx context.Context, addr string) (net.Listener, error) {
	ln, err := bind(ctx, addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("admin.addr: %w; each process on a machine needs its own (ORDERSYNC_ADMIN__ADDR=127.0.0.1:8082; empty: not served)", err)
	case err != nil:
		return nil, fmt.Errorf("admin.addr: %w", err)
	}
	return ln, nil
}
