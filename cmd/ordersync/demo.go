//go:build !slim

package main

import (
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/demo"
)

func newDemo(p *process) *cobra.Command {
	o := demo.Options{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole thing in one process, with nothing installed",
		Long: "Runs a sample shop, an embedded Redis and database, Douyin's stand-in, gateway, workers and scheduler in this process.\n" +
			"Exits 0 only when every order arrived at Douyin with its right state. Leaves nothing behind.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Orders < 1 || o.Orders > 100_000 {
				return usagef("--orders: want 1 to 100000, found %d", o.Orders)
			}
			switch o.Faults {
			case "off", "some", "storm":
			default:
				return usagef("--faults: want off, some or storm, found %q", o.Faults)
			}
			log, err := p.demoLogger()
			if err != nil {
				return err
			}
			o.Out, o.Color, o.Log, o.Lang = p.out, isTerminal(p.out), log, p.lang
			o.Version, _ = versionAndCommit()
			return demo.Run(cmd.Context(), o)
		},
	}
	cmd.Flags().IntVar(&o.Orders, "orders", 200, "how many orders travel")
	cmd.Flags().StringVar(&o.Faults, "faults", "some", "how Douyin and the network behave: off, some or storm")
	cmd.Flags().BoolVar(&o.Serve, "serve", false, "keep running, with the operators' pages, and print where to look")
	return cmd
}

// demoLogger is silent unless --log-level asks: the demo tells its story itself.
func (p *process) demoLogger() (zerolog.Logger, error) {
	if p.logLevel == "" {
		return zerolog.Nop(), nil
	}
	cfg, err := p.config()
	if err != nil {
		return zerolog.Nop(), err
	}
	return assembly.NewLogger(cfg.Log, p.errOut), nil
}
