package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

func newGateway(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "gateway",
		Short: "Serve the enqueue API and Douyin's callbacks (gateway.addr), operators' pages (admin.addr)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, p.withPrivatePort((*assembly.Assembly).Admin, p.gateway))
		},
	}
}

func (p *process) gateway(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	handler, err := a.Gateway()
	if err != nil {
		return err
	}
	return listen(ctx, "gateway", cfg.Gateway.Addr, handler, p.logger(cfg))
}
