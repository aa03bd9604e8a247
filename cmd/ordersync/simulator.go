package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
)

func newSimulator(p *process) *cobra.Command {
	var addr, faults string
	var slim, requirePayment bool
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Douyin's stand-in: strict, with scripted faults and signed callbacks",
		Long: "Serves Douyin's paths, and its own under /_sim/ (ledger, stats, faults, reset, revoke, pay).\n" +
			"App id, secret, salt, callback token and notify_url are those of the configuration. An empty app id or secret takes any;\n" +
			"signed requests are refused unless the salt is the caller's: give both the same --config.",
		Example: "  ordersync simulator --faults some\n" +
			`  ordersync simulator --faults '{"faults":[{"op":"order.push","kind":"5xx","per_order":2}]}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.config()
			if err != nil {
				return err
			}
			plan, err := simulator.ParsePlan([]byte(faults))
			if err != nil {
				return usagef("--faults: %w", err)
			}
			c := simulatorConfig(cfg)
			c.Slim, c.RequirePayment, c.Log = slim, requirePayment, p.logger(cfg)
			return serveSimulator(cmd.Context(), addr, c, plan)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:9000", "where to listen")
	cmd.Flags().StringVar(&faults, "faults", "off", "off, some, storm or a plan in JSON")
	cmd.Flags().BoolVar(&slim, "slim", false, "keep each order's state and counts only, no history")
	cmd.Flags().BoolVar(&requirePayment, "require-payment", false, "refuse pushes of orders that create_order has not made (40022)")
	return cmd
}

func simulatorConfig(cfg *configs.Config) simulator.Config {
	d := cfg.Douyin
	return simulator.Config{
		AppID: d.AppID, Secret: d.Secret.Reveal(), Salt: d.Salt.Reveal(), CallbackToken: d.CallbackToken.Reveal(), NotifyURL: d.NotifyURL,
	}
}

func serveSimulator(ctx context.Context, addr string, cfg simulator.Config, plan simulator.Plan) (err error) {
	s := simulator.New(cfg)
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.SetFaults(plan); err != nil {
		return err
	}
	return listen(ctx, "simulator", addr, s, cfg.Log)
}
