//go:build !slim

package main

import "github.com/spf13/cobra"

// fullCommands are the subcommands that `-tags slim` leaves out, because they bring SQLite, miniredis or test drivers.
func fullCommands(p *process) []*cobra.Command {
	return []*cobra.Command{newDemo(p), newDev(p), newLoadtest(p)}
}
