package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
)

// isRequestOrder tells data of tt.requestOrder from a request of guaranteed payment.
func isRequestOrder(raw []byte) bool {
	var has struct {
		SkuList json.RawMessage `json:"skuList"`
	}
	return json.Unmarshal(raw, &has) == nil && has.SkuList != nil
}

// signTrade signs data of tt.requestOrder, verbatim but for a line feed at its end, which is the
// shell's.
func (p *process) signTrade(cfg *configs.Config, data []byte, explain bool) error {
	data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	careful, err := doubts(data)
	if err != nil {
		return usagef("standard input: want data of tt.requestOrder, one JSON object: %w", err)
	}
	signer, err := assembly.TradeSigner(cfg)
	if err != nil {
		return err
	}
	e, err := signer.Explain(data)
	if err != nil {
		return usageError{err}
	}
	if explain {
		for i, line := range strings.SplitN(strings.TrimSuffix(e.Text, "\n"), "\n", 5) {
			fmt.Fprintf(p.out, "%3d  %s\n", i+1, exact(line))
		}
		fmt.Fprintln(p.out, p.lang.T("sha256 of these, each with a line feed behind it, the last one too:\n%s", e.SHA256))
		fmt.Fprintln(p.out, p.lang.T("signed with a key of %d bits, whose public half has version %s in Douyin's console", e.KeyBits, cfg.Douyin.Trade.KeyVersion))
		for _, c := range careful {
			fmt.Fprintln(p.out, p.lang.T("careful: %s", p.lang.Say(c)))
		}
		fmt.Fprint(p.out, "byteAuthorization:\n")
	}
	_, err = fmt.Fprintln(p.out, e.ByteAuthorization)
	return err
}

// doubts are what Douyin calls a wrong signature although it is right. The error: data is no JSON
// object.
func doubts(data []byte) (careful []string, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		return nil, err
	}
	if d.More() || all == nil {
		return nil, errors.New("there is something behind the object, or none")
	}
	for _, name := range []string{"skuList", "outOrderNo", "totalAmount", "orderEntrySchema"} {
		if all[name] == nil {
			careful = append(careful, name+" is missing")
		}
	}
	fractions("", all, &careful)
	slices.Sort(careful)
	return careful, nil
}

// fractions finds numbers that are not written as integers.
func fractions(at string, v any, found *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			fractions(strings.TrimPrefix(at+"."+name, "."), member, found)
		}
	case []any:
		for i, member := range v {
			fractions(fmt.Sprintf("%s[%d]", at, i), member, found)
		}
	case json.Number:
		if _, err := v.Int64(); err != nil {
			*found = append(*found, fmt.Sprintf("%s is %s: Douyin takes integers only", at, v))
		}
	}
}
