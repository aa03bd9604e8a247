package main

import (
	"context"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

func newRun(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Gateway, worker and scheduler in one process, for a small shop",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), needsDouyin, p.withPrivatePort((*assembly.Assembly).Admin, p.all))
		},
	}
}

// all runs the three until ctx ends or one of them fails, which ends the others.
func (p *process) all(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range []part{p.gateway, p.worker, p.scheduler} {
		g.Go(func() error { return run(ctx, cfg, a) })
	}
	return g.Wait()
}
