//go:build !slim

package main

import "github.com/spf13/cobra"

// fullCommands are the subcommands that `-tags slim` leaves out, because they bring SQLite or miniredis.
func fullCommands(*process) []*cobra.Command { return nil }
