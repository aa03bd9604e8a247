//go:build !slim

package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/loadtest"
	"github.com/ordersync/ordersync/configs"
)

func newLoadtest(p *process) *cobra.Command {
	o := loadtest.Options{}
	cmd := &cobra.Command{
		Use:   "loadtest",
		Short: "Drive orders through a real stack and print rates beside asynq's own in the same run",
		Long: "Needs mysql.dsn of a user who may create a database (it makes one of its own and drops it) and redis.uri of an empty Redis\n" +
			"database (it is flushed between the rounds). `bash .ci/loadtest` starts private servers for it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Orders < 100 || o.Handlers < 1 || o.Prefetch < 0 || o.Servers < 1 || o.Rounds < 1 || o.Steady < time.Second {
				return usagef("want --orders of at least 100, --handlers, --servers and --rounds of at least 1, --prefetch of at least 0, --steady of at least 1s")
			}
			return p.with(cmd.Context(), []string{"mysql.dsn", "redis.uri"}, func(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) (err error) {
				if o.Redis, err = a.Redis(); err != nil {
					return err
				}
				self, err := os.Executable()
				if err != nil {
					return err
				}
				o.MySQL, o.RedisURI, o.Command, o.Out = cfg.MySQL, cfg.Redis.URI.Reveal(), []string{self, "loadtest", "child"}, p.out
				o.Lang = p.lang
				return loadtest.Run(ctx, o)
			})
		},
	}
	cmd.Flags().IntVar(&o.Orders, "orders", 20_000, "orders in each round")
	cmd.Flags().IntVar(&o.Handlers, "handlers", 200, "calls at Douyin at once: ordersync's worker.concurrency, a yardstick's handlers")
	cmd.Flags().IntVar(&o.Prefetch, "prefetch", 150, "worker.prefetch of ordersync")
	cmd.Flags().IntVar(&o.Servers, "servers", 32, "worker.servers")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 3, "rounds; a ratio is the median of the rounds'")
	cmd.Flags().DurationVar(&o.Steady, "steady", 10*time.Second, "how long the steady rate is kept")
	cmd.AddCommand(&cobra.Command{
		Use: "child", Hidden: true, Short: "One process of the load test", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg := configs.Default()
			cfg.Log.Level = "error"
			return loadtest.Child(cmd.Context(), p.in, p.out, p.logger(cfg))
		},
	})
	return cmd
}
