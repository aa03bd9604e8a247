package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/tasks/cut"
)

// maxSignInput is far above any request of Douyin's.
const maxSignInput = 1 << 20

func newSign(p *process) *cobra.Command {
	var explain, trade bool
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Sign a JSON request from standard input, as guaranteed payment or tt.requestOrder wants it",
		Long: "Prints the signature of a request of guaranteed payment (douyin.salt). With --explain also the sorted list that is signed, one\n" +
			"member a line, with a placeholder where the salt stands: lay it beside your own when Douyin answers 2008. The salt is never printed.\n\n" +
			"Where the request has skuList it is data of tt.requestOrder, and byteAuthorization is printed (douyin.trade.private_key). With\n" +
			"--explain also the five lines that are signed, their SHA-256, the size of the key, and what Douyin answers with 签名校验异常 although\n" +
			"the signature is right. data is signed as it is, without a line feed at its end. The key is never printed.",
		Example: `  echo '{"app_id":"tt…","out_order_no":"T1","total_amount":100}' | ordersync sign --explain
  echo '{"skuList":[…],"outOrderNo":"T1","totalAmount":100}' | ordersync sign --explain`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			raw, err := io.ReadAll(io.LimitReader(p.in, maxSignInput))
			if err != nil {
				return fmt.Errorf("standard input: %w", err)
			}
			if trade || isRequestOrder(raw) {
				cfg, err := p.config("douyin.app_id", "douyin.trade.private_key", "douyin.trade.key_version")
				if err != nil {
					return err
				}
				return p.signTrade(cfg, raw, explain)
			}
			cfg, err := p.config("douyin.salt")
			if err != nil {
				return err
			}
			return p.sign(cfg.Douyin.Salt, raw, explain)
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "print what is signed")
	cmd.Flags().BoolVar(&trade, "trade", false, "sign data of tt.requestOrder, also without skuList")
	return cmd
}

func (p *process) sign(salt configs.Secret, raw []byte, explain bool) error {
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
			fmt.Fprintf(p.out, "%3d  %s\n", i+1, exact(member))
		}
		fmt.Fprintln(p.out, p.lang.T("md5 of these, joined by &:"))
	}
	_, err = fmt.Fprintln(p.out, signature)
	return err
}

// exact is text as it stands; in quotes, as Go has them, where a terminal would obey a part of it.
func exact(text string) string {
	if cut.Plain(text) == text {
		return text
	}
	return strconv.Quote(text)
}
