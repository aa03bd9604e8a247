package main

import (
	"context"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

func newGateway(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "gateway",
		Short: "Serve the enqueue API (gateway.addr), Douyin's callbacks (gateway.callback_addr too), operators' pages (admin.addr)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, p.serve(service{
				ports: gatewayPorts, private: (*assembly.Assembly).Admin, public: p.gateway,
			}))
		},
	}
}

// gateway serves gateway.addr and, where it is set, gateway.callback_addr, until ctx ends or one of
// them fails, which ends the other.
func (p *process) gateway(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	handler, err := a.Gateway()
	if err != nil {
		return err
	}
	if err := a.Lives(alive.Gateway); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return listen(ctx, "gateway", cfg.Gateway.Addr, handler, p.logger(cfg)) })
	if addr := cfg.Gateway.CallbackAddr; addr != "" {
		g.Go(func() error {
			return listen(ctx, "callbacks", addr, handler.CallbackPort(), p.logger(cfg))
		})
	}
	return g.Wait()
}
