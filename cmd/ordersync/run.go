package main

import (
	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
)

func newRun(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Gateway, worker and scheduler in one process, for a small shop",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), needsDouyin, p.serve(service{
				ports: gatewayPorts, private: (*assembly.Assembly).Admin, public: p.gateway, work: []part{p.worker, p.scheduler},
			}))
		},
	}
}
