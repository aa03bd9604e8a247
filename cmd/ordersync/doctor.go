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
	return &cobra.Command{
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
				return p.printResults(doctor.Config(bad.Problems))
			}
			if err != nil {
				return err
			}
			return p.with(cmd.Context(), nil, p.doctor)
		},
	}
}

func (p *process) doctor(ctx context.Context, cfg *configs.Config, a *assembly.Assembly) error {
	st, err := a.Store()
	if err != nil {
		return err
	}
	rdb, err := a.Redis()
	if err != nil {
		return err
	}
	tokens, err := a.Tokens()
	if err != nil {
		return err
	}
	client, err := a.UngatedDouyin() // one question, whatever the breaker thinks
	if err != nil {
		return err
	}
	looks := []func(context.Context) []doctor.Result{
		func(ctx context.Context) []doctor.Result { return doctor.Database(ctx, st) },
		func(ctx context.Context) []doctor.Result { return doctor.Orders(ctx, a.Preview) },
		func(ctx context.Context) []doctor.Result { return doctor.Statuses(ctx, st, a.StatusWords()) },
		func(ctx context.Context) []doctor.Result { return doctor.Money(ctx, st) },
		func(ctx context.Context) []doctor.Result { return doctor.Clocks(ctx, st) },
		func(ctx context.Context) []doctor.Result { return doctor.Redis(ctx, rdb) },
		func(ctx context.Context) []doctor.Result { return doctor.RedisWrites(ctx, rdb) },
		func(ctx context.Context) []doctor.Result { return doctor.Douyin(ctx, cfg.Douyin, tokens, client) },
	}
	if cfg.TradeOn() {
		clientTokens, err := a.ClientTokens()
		if err != nil {
			return err
		}
		rules, err := a.UngatedTrade()
		if err != nil {
			return err
		}
		looks = append(looks, func(ctx context.Context) []doctor.Result { return doctor.Trade(ctx, cfg, clientTokens, rules) })
	}
	results := []doctor.Result{{Check: "config", Found: "every key is known and fits"}}
	results = append(results, doctor.Gateway(cfg)...)
	for _, look := range looks {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		results = append(results, look(ctx)...)
		cancel()
	}
	return p.printResults(doctor.Once(results))
}

func (p *process) printResults(results []doctor.Result) error {
	var err error
	for _, r := range results {
		fmt.Fprintln(p.out, r)
		if r.Level == doctor.Failure {
			err = errReported
		}
	}
	return err
}
