//go:build !slim

package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/dev"
)

func newDev(p *process) *cobra.Command {
	o := dev.Options{Traffic: true}
	var traffic string
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "A whole deployment for trying out, with a page for Douyin's side",
		Long: "Runs a sample shop, an embedded Redis and database, Douyin's stand-in, gateway, workers, scheduler and the operators' pages in this\n" +
			"process, until a signal ends it, and prints how a program reaches it. --addr is the gateway's; the operators' pages, Douyin's side\n" +
			"and Redis have the three ports behind it. Database, keys, token, password and what Douyin holds are kept in --dir.",
		Example: "  ordersync dev\n  ordersync dev --addr 127.0.0.1:7000 --dir /tmp/shop --traffic=off",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := dev.CheckAddr(o.Addr); err != nil {
				return usagef("--addr: %w", err)
			}
			if o.Payments != "trade" && o.Payments != "ecpay" {
				return usagef("--payments: want trade or ecpay, found %q", o.Payments)
			}
			if traffic != "on" && traffic != "off" {
				return usagef("--traffic: want on or off, found %q", traffic)
			}
			if o.Forward != "" {
				if err := dev.CheckForward(o.Forward); err != nil {
					return usagef("--forward: %w", err)
				}
			}
			if o.Dir == "" {
				dir, err := p.stateDir()
				if err != nil {
					return usagef("--dir: %w", err)
				}
				o.Dir = filepath.Join(dir, "ordersync", "dev")
			}
			log, err := p.demoLogger()
			if err != nil {
				return err
			}
			o.Traffic, o.Out, o.Log, o.Lang = traffic == "on", p.out, log, p.lang
			o.Version, _ = versionAndCommit()
			err = dev.Run(cmd.Context(), o)
			taken, inUse := new(dev.TakenError), new(dev.InUseError)
			if errors.As(err, &taken) || errors.As(err, &inUse) {
				return usagef("%w", err)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.Addr, "addr", "127.0.0.1:8080", "first of four ports: gateway, operators' pages, Douyin's side, Redis")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "where the state is kept (empty: ordersync/dev in the user's directory for states)")
	cmd.Flags().StringVar(&o.Payments, "payments", "trade", "system in which POST /v1/payments makes payments: trade or ecpay")
	cmd.Flags().StringVar(&o.Forward, "forward", "", "a callback handler of yours that gets every callback too (empty: none)")
	cmd.Flags().StringVar(&traffic, "traffic", "on", "on: an order comes every few seconds; off: none does")
	return cmd
}

// stateDir is the user's directory for what programs keep: XDG_STATE_HOME, or what stands for it.
func (p *process) stateDir() (string, error) {
	for _, entry := range p.environ {
		if dir, is := strings.CutPrefix(entry, "XDG_STATE_HOME="); is && filepath.IsAbs(dir) {
			return dir, nil
		}
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return os.UserConfigDir()
	}
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return "", errors.Join(errors.New("is needed: this user has no home directory"), err)
	}
	return filepath.Join(home, ".local", "state"), nil
}
