package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
)

// maxSignInput is far above any request of Douyin's.
const maxSignInput = 1 << 20

func newSign(p *process) *cobra.Command {
	var explain bool
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Sign a JSON request from standard input with douyin.salt, as guaranteed payment wants it",
		Long: "Prints the signature. With --explain also the sorted list that is signed, one member a line, with a placeholder where the salt\n" +
			"stands: lay it beside your own when Douyin answers 2008. The salt is never printed.",
		Example: `  echo '{"app_id":"tt…","out_order_no":"T1","total_amount":100}' | ordersync sign --explain`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := p.config("douyin.salt")
			if err != nil {
				return err
			}
			return p.sign(cfg.Douyin.Salt, explain)
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "print what is signed")
	return cmd
}

func (p *process) sign(salt configs.Secret, explain bool) error {
	raw, err := io.ReadAll(io.LimitReader(p.in, maxSignInput))
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // a float would sign 1000000 as 1e+06
	var params map[string]any
	if err := d.Decode(&params); err != nil {
		return usagef("standard input: want one JSON object: %w", err)
	}
	signature, err := douyin.Sign(params, salt.Reveal())
	if err != nil {
		return usageError{err}
	}
	if explain {
		list, err := douyin.SignedList(params, salt.Reveal())
		if err != nil {
			return err
		}
		for i, member := range list {
			fmt.Fprintf(p.out, "%3d  %s\n", i+1, member)
		}
		fmt.Fprint(p.out, "md5 of these, joined by &:\n")
	}
	_, err = fmt.Fprintln(p.out, signature)
	return err
}
