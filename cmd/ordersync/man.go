package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan is for packages: their man pages are what --help says.
func newMan(p *process) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "Write the man pages of all commands into a directory",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // man pages are for everybody
				return err
			}
			v, _ := versionAndCommit()
			header := &doc.GenManHeader{Title: "ORDERSYNC", Section: "1", Source: "ordersync " + v, Manual: "ordersync"}
			root := cmd.Root()
			root.DisableAutoGenTag = true // two builds of one version have the same pages
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintln(p.out, p.lang.T("man pages written to %s", args[0]))
			return err
		},
	}
}
