package main

import (
	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks/cut"
)

func newConfig(p *process) *cobra.Command {
	var asJSON, changed bool
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the configuration that counts: each key, its value, and where the value comes from; secrets are masked",
		Long: "Prints every key with its value and where that comes from: default, the file, or a variable. Secrets are printed as [secret].\n" +
			"Nothing is connected to. A configuration that cannot be read ends it with code 2 and the problems.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := p.config()
			if err != nil {
				return err
			}
			all := []configs.Effective{}
			for _, e := range cfg.Effective() {
				if !changed || e.From != "default" {
					all = append(all, e)
				}
			}
			if asJSON {
				return p.printJSON(all)
			}
			w := p.lang.Table(p.out)
			for _, e := range all {
				w.Row(e.Key, cut.Line(e.Text()), e.From)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, `print an array of {"key", "value", "from"}`)
	cmd.Flags().BoolVar(&changed, "changed", false, "only what is not left at its default")
	return cmd
}
