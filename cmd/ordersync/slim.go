//go:build slim

package main

import "github.com/spf13/cobra"

// fullCommands: none in a slim build.
func fullCommands(*process) []*cobra.Command { return nil }
