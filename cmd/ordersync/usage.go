package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// exitCodes stands in the help of the root command, and so on its man page.
const exitCodes = `Exit codes: 0 done; 1 failed; 2 wrong usage or configuration, which no second try mends (run, gateway, worker
and scheduler end with it too where the database, Redis or the shop's tables cannot be used as configured).
Errors are one line each on stderr.`

// needsSubcommand is the Args of a command that only groups others.
func needsSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("%s wants a command: see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
	meant := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		meant = ": is " + strings.Join(near, " or ") + " meant?"
	}
	return usagef("unknown command %q for %q%s; see %s --help", args[0], cmd.CommandPath(), meant, cmd.CommandPath())
}

// refuseUnknown adds cobra's own commands, and lets them refuse a command that is not there: by themselves they
// print a help, and end well.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			cmd.Args = needsSubcommand
			cmd.RunE = func(*cobra.Command, []string) error { return nil } // never reached: Args refuses
		case "help":
			cmd.Run = nil
			cmd.RunE = func(_ *cobra.Command, args []string) error {
				asked, rest, err := root.Find(args)
				if err != nil {
					return usageError{err}
				}
				if len(rest) > 0 {
					return needsSubcommand(asked, rest)
				}
				asked.InitDefaultHelpFlag()
				return asked.Help()
			}
		}
	}
}

// sayUsage lets a command whose arguments are too many or too few say how it is called, and one with
// an unknown flag which one is meant.
func sayUsage(cmd *cobra.Command) {
	if args := cmd.Args; args != nil && cmd.Runnable() && !cmd.HasSubCommands() {
		cmd.Args = func(cmd *cobra.Command, given []string) error {
			err := args(cmd, given)
			if err == nil {
				return nil
			}
			if strings.HasPrefix(err.Error(), "unknown command ") { // cobra's word for one argument where there is none
				return usagef("%s takes no argument, found %q; usage: %s", cmd.CommandPath(), given[0], cmd.UseLine())
			}
			return usagef("%w; usage: %s", err, cmd.UseLine())
		}
	}
	cmd.SuggestionsMinimumDistance = 2 // cobra sets it for itself only
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var value *pflag.InvalidValueError
		if errors.As(err, &value) {
			if want := wanted[value.GetFlag().Value.Type()]; want != "" {
				return usagef("--%s: want %s, found %q", value.GetFlag().Name, want, value.GetValue())
			}
		}
		meant := ""
		if name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --"); unknown {
			meant = nearFlag(cmd, name)
		}
		return usagef("%w%s", err, meant)
	})
	for _, below := range cmd.Commands() {
		sayUsage(below)
	}
}

// wanted is what a flag of a type takes.
var wanted = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint": "a whole number from 0 on", "float64": "a number", "bool": "true or false",
	"duration": "a span such as 90s or 24h",
}

// nearFlag names a flag that begins as the unknown one does, or that it begins with.
func nearFlag(cmd *cobra.Command, unknown string) string {
	var near []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && len(unknown) > 1 && (strings.HasPrefix(f.Name, unknown[:2]) || strings.HasPrefix(unknown, f.Name)) {
			near = append(near, "--"+f.Name)
		}
	})
	if near == nil {
		return fmt.Sprintf("; see %s --help", cmd.CommandPath())
	}
	return ": is " + strings.Join(near, " or ") + " meant?"
}
