package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/doctor"
	"github.com/ordersync/ordersync/configs"
)

// checkTimeout bounds each of doctor's conversations.
const checkTimeout = 15 * time.Second

func newDoctor(p *process) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, MySQL, Redis and Douyin: one line each, with a cure",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.quiet = true
			cfg, err := p.config()
			if err == nil {
				err = cfg.Require("mysql.dsn", "redis.uri", "douyin.app_id", "douyin.secret")
			}
			var bad *configs.Error
			if errors.As(err, &bad) { // to doctor a finding like others
				return p.printResults(asJSON, doctor.Config(bad.Problems))
			}
			if err != nil {
				return err
			}
			return p.with(cmd.Context(), nil, func(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
				results, err := p.doctor(ctx, cfg, a)
				if err != nil {
					return err
				}
				return p.printResults(asJSON, results)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, `print an array of {"check", "status": ok, warn or fail, "detail", "cure"}`)
	return cmd
}

func (p *process) doctor(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) ([]doctor.Result, error) {
	st, err := a.Store()
	if err != nil {
		return nil, err
	}
	rdb, err := a.Redis()
	if err != nil {
		return nil, err
	}
	tokens, err := a.Tokens()
	if err != nil {
		return nil, err
	}
	client, err := a.UngatedDouyin() // one question, whatever the breaker thinks
	if err != nil {
		return nil, err
	}
	app, database := a.Deployment()
	looks := []func(context.Context) []doctor.Result{
		func(ctx context.Context) []doctor.Result { return doctor.Orders(ctx, a.Preview) },
		func(ctx context.Context) []doctor.Result { return doctor.Statuses(ctx, st, a.StatusWords()) },
		func(ctx context.Context) []doctor.Result { return doctor.Money(ctx, st, p.zone) },
		func(ctx context.Context) []doctor.Result { return doctor.Clocks(ctx, st) },
	}
	tables := func(ctx context.Context) []doctor.Result { return doctor.Database(ctx, st) }
	first, cancel := context.WithTimeout(ctx, answerTimeout)
	if st.Ping(first) != nil {
		looks = nil // each would wait for the same answer: Database says what is wrong
	}
	cancel()
	looks = append([]func(context.Context) []doctor.Result{tables}, looks...)
	looks = append(looks, []func(context.Context) []doctor.Result{
		func(ctx context.Context) []doctor.Result { return doctor.Processes(ctx, rdb) },
		func(ctx context.Context) []doctor.Result { return doctor.Redis(ctx, rdb) },
		func(ctx context.Context) []doctor.Result { return doctor.RedisWrites(ctx, rdb) },
		func(ctx context.Context) []doctor.Result { return doctor.Neighbours(ctx, rdb, app, database) },
		func(ctx context.Context) []doctor.Result { return doctor.Douyin(ctx, cfg.Douyin, tokens, client) },
	}...)
	if cfg.TradeOn() {
		clientTokens, err := a.ClientTokens()
		if err != nil {
			return nil, err
		}
		rules, err := a.UngatedTrade()
		if err != nil {
			return nil, err
		}
		looks = append(looks, func(ctx context.Context) []doctor.Result { return doctor.Trade(ctx, cfg, clientTokens, rules) })
	}
	results := []doctor.Result{{Check: "config", Found: "every key is known and fits"}}
	results = append(results, doctor.Placeholders(cfg)...)
	results = append(results, doctor.Gateway(cfg)...)
	results = append(results, doctor.Ports(ctx, append(gatewayPorts(cfg), doctor.Port{Key: "admin.addr", Addr: cfg.Admin.Addr})...)...)
	for _, look := range looks {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		results = append(results, look(ctx)...)
		cancel()
	}
	return doctor.Once(results), nil
}

func (p *process) printResults(asJSON bool, results []doctor.Result) error {
	for i := range results {
		results[i] = results[i].In(p.lang)
	}
	if asJSON {
		if err := p.printJSON(results); err != nil {
			return err
		}
	}
	var err error
	for _, r := range results {
		if !asJSON {
			fmt.Fprintln(p.out, r)
		}
		if r.Level == doctor.Failure {
			err = errReported
		}
	}
	return err
}
