package main

import (
	"context"
	"sync"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

func newScheduler(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "scheduler",
		Short: "Look for what Douyin does not know yet, relay outbox and inbox, purge old log rows",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, p.serve(service{private: (*assembly.Assembly).Probes, work: []part{p.scheduler}}))
		},
	}
}

func (p *process) scheduler(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	clock, err := a.Scheduler()
	if err != nil {
		return err
	}
	inbox, err := a.Inbox()
	if err != nil {
		return err
	}
	if err := a.Lives(alive.Scheduler); err != nil {
		return err
	}
	log := p.logger(cfg)
	log.Info().Dur("sweep_every", cfg.Scheduler.SweepEvery).Msg("scheduler runs")
	var consumer sync.WaitGroup
	consumer.Go(func() { inbox.Run(ctx) })
	clock.Run(ctx)
	consumer.Wait()
	log.Info().Msg("scheduler stopped")
	return nil
}
