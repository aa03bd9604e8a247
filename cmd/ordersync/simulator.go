package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
)

func newSimulator(p *process) *cobra.Command {
	var addr, faults string
	var slim, requirePayment bool
	var scale float64
	var trade tradeFlags
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Douyin's stand-in: strict, with scripted faults and signed callbacks",
		Long: "Serves Douyin's paths, of ecpay and of trade (通用交易系统), and its own under /_sim/ (ledger, stats, faults, reset, revoke, pay)\n" +
			"and /_sim/trade/ (request_order, pay, cancel, ask_refund, ask_again, settle, ledger, violations, platform_key, app_key).\n" +
			"Trade needs the app's public key, by --trade-app-key or /_sim/trade/app_key; until then requestOrder refuses every signature.\n" +
			"App id, secret, salt, callback token and notify_url are those of the configuration. An empty app id or secret takes any;\n" +
			"signed requests are refused unless the salt is the caller's: give both the same --config.",
		Example: "  ordersync simulator --faults some\n" +
			`  ordersync simulator --faults '{"faults":[{"op":"order.push","kind":"5xx","per_order":2}]}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.config()
			if err != nil {
				return err
			}
			plan, err := simulator.ParsePlan([]byte(faults))
			if err != nil {
				return usagef("--faults: %w", err)
			}
			if scale <= 0 {
				return usagef("--redelivery-scale: want more than 0")
			}
			c := simulatorConfig(cfg)
			c.Slim, c.RequirePayment, c.RedeliveryScale, c.Log = slim, requirePayment, scale, p.logger(cfg)
			c.NumbersAfter = numbersAfter(time.Now())
			if c.Trade, err = trade.config(); err != nil {
				return err
			}
			return serveSimulator(cmd.Context(), addr, c, plan)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:9000", "where to listen")
	cmd.Flags().StringVar(&faults, "faults", "off", "off, some, storm or a plan in JSON")
	cmd.Flags().BoolVar(&slim, "slim", false, "keep each order's state and counts only, no history")
	cmd.Flags().BoolVar(&requirePayment, "require-payment", false, "refuse pushes of orders that create_order has not made (40022)")
	cmd.Flags().Float64Var(&scale, "redelivery-scale", 1, "stretches Douyin's pauses between deliveries, and trade's 72 hours for an audit")
	trade.add(cmd)
	return cmd
}

// tradeFlags are the flags of the second generation.
type tradeFlags struct {
	appKey, keyVersion, platformKey string
	auditWindow, settleAfter        time.Duration
	autoSettle                      bool
}

func (f *tradeFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.appKey, "trade-app-key", "", "file with the app's public key (PEM), which verifies byteAuthorization")
	set.StringVar(&f.keyVersion, "trade-key-version", "", "the key_version that goes with it (empty: any)")
	set.StringVar(&f.platformKey, "trade-platform-key", "", "file with the platform's private key (PEM), which signs callbacks (empty: one is made at the start)")
	set.DurationVar(&f.auditWindow, "trade-audit-window", 0, "how long a buyer's refund waits before Douyin agrees (0: 72 h, scaled)")
	set.DurationVar(&f.settleAfter, "trade-settle-after", 0, "how long after the payment or fulfilment an order can be settled")
	set.BoolVar(&f.autoSettle, "trade-auto-settle", false, "settle orders by itself, and refuse settle_create (23117)")
}

func (f *tradeFlags) config() (simulator.Trade, error) {
	c := simulator.Trade{KeyVersion: f.keyVersion, AuditWindow: f.auditWindow, SettleAfter: f.settleAfter, AutoSettle: f.autoSettle}
	if f.appKey != "" {
		text, err := os.ReadFile(f.appKey)
		if err == nil {
			c.AppKey, err = simulator.ParseAppKey(text)
		}
		if err != nil {
			return c, usagef("--trade-app-key: %w", err)
		}
	}
	if f.platformKey != "" {
		text, err := os.ReadFile(f.platformKey)
		if err == nil {
			c.PlatformKey, err = simulator.ParsePlatformKey(text)
		}
		if err != nil {
			return c, usagef("--trade-platform-key: %w", err)
		}
	}
	return c, nil
}

func simulatorConfig(cfg *configs.Config) simulator.Config {
	d := cfg.Douyin
	return simulator.Config{
		AppID: d.AppID, Secret: d.Secret.Reveal(), Salt: d.Salt.Reveal(), CallbackToken: d.CallbackToken.Reveal(), NotifyURL: d.NotifyURL,
	}
}

// numbersAfter is what a simulator counts Douyin's numbers from that starts at now: the database
// outlives it, and a number that came again would be taken for another order's. It is other for
// three years, where no start makes more than a thousand numbers a second.
func numbersAfter(now time.Time) int64 { return now.Unix() % 100_000_000 * 1000 }

func serveSimulator(ctx context.Context, addr string, cfg simulator.Config, plan simulator.Plan) (err error) {
	s := simulator.New(cfg)
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.SetFaults(plan); err != nil {
		return err
	}
	ln, err := bind(ctx, addr)
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	cfg.Log.Info().Str("at", "http://"+ln.Addr().String()+"/_sim/trade/platform_key").Msg("simulator: the key that verifies the callbacks of trade")
	return serve(ctx, "simulator", ln, s, cfg.Log)
}
