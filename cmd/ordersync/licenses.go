package main

import (
	_ "embed"
	"io"

	"github.com/spf13/cobra"
)

// licenses holds the licence of every module that is linked into ordersync. `.ci/notices` makes it,
// and CI compares.
//
//go:embed licenses.txt
var licenses string

func newLicenses(p *process) *cobra.Command {
	return &cobra.Command{
		Use:   "licenses",
		Short: "Print the licences of ordersync and of everything in it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(p.out, licenses)
			return err
		},
	}
}
