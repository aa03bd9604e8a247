package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

func newScheduler(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "scheduler",
		Short: "Look for what Douyin does not know yet, relay the outbox, purge old log rows",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, p.scheduler)
		},
	}
}

func (p *process) scheduler(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	clock, err := a.Scheduler()
	if err != nil {
		return err
	}
	log := p.logger(cfg)
	log.Info().Dur("sweep_every", cfg.Scheduler.SweepEvery).Msg("scheduler runs")
	clock.Run(ctx)
	log.Info().Msg("scheduler stopped")
	return nil
}
