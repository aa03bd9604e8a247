package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// needsDouyin are the keys of a process that calls Douyin.
var needsDouyin = []string{"mysql.dsn", "redis.uri", "douyin.app_id", "douyin.secret"}

func newWorker(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Run the tasks: push orders, refund and settle",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), needsDouyin, p.serve(service{private: (*assembly.Assembly).Probes, work: []part{p.worker}}))
		},
	}
}

// worker runs until ctx ends. Closing the assembly drains the servers.
func (p *process) worker(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	servers, err := a.Worker()
	if err != nil {
		return err
	}
	if err := servers.Start(); err != nil {
		return err
	}
	if err := a.Lives(alive.Worker); err != nil {
		return err
	}
	log := p.logger(cfg)
	log.Info().Int("slots", cfg.Worker.Concurrency).Int("prefetch", cfg.Worker.Prefetch).Msg("worker runs")
	<-ctx.Done()
	servers.Stop() // other parts of this process may end for a while before it is closed: what is in hand runs meanwhile
	log.Info().Msg("worker drains")
	return nil
}
