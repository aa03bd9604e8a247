package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/cmd/internal/metrics"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/tasks/cut"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// process is what a subcommand gets of the world around it, and the flags that all subcommands have.
type process struct {
	environ     []string
	in          io.Reader
	out, errOut io.Writer

	configFile, logLevel, logFormat string

	lang lang.Lang      // of what a person reads; JSON, names and the log are English
	zone *time.Location // of all times that are printed and read, once the configuration is known

	quiet   bool              // the command reports by itself: no log unless --log-level asks for one
	options []assembly.Option // parts that tests hand in

	most time.Duration // what the end of a command may take, where a test has no time; 0: what the ladder allows

	started bool // a subcommand runs: what fails from here on is not the command line's fault
}

// usageError is a fault in how ordersync was called. It ends the process with code 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported ends a command with code 1 when it has said already what is wrong.
var errReported = errors.New("failed")

// run executes one command line and returns the exit code.
func (p *process) run(ctx context.Context, args []string) int {
	p.lang = lang.Choose(args, p.environ) // before the commands: their help has it too
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	p.report(err)
	var usage usageError
	var config *configs.Error
	var unfit *unfitError
	if !p.started || errors.As(err, &usage) || errors.As(err, &config) || errors.As(err, &unfit) {
		return exitUsage
	}
	return exitFailed
}

// report prints an error on one line; a config's problems on one line each.
func (p *process) report(err error) {
	var config *configs.Error
	var unfit *unfitError
	switch {
	case errors.Is(err, errReported):
	case errors.As(err, &unfit):
		for _, line := range unfit.lines(p.lang) {
			fmt.Fprintln(p.errOut, "ordersync:", cut.Line(line))
		}
	case errors.As(err, &config):
		for _, problem := range config.Problems {
			fmt.Fprintln(p.errOut, "ordersync: config:", cut.Line(p.lang.Say(problem.String())))
		}
	default:
		fmt.Fprintln(p.errOut, "ordersync:", cut.Line(p.lang.Say(cut.Line(err.Error()))))
	}
}

func (p *process) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "ordersync",
		Short:         "Keeps a mini-app shop's orders in step with Douyin (抖音)",
		Long:          "ordersync keeps a mini-app shop's orders in step with Douyin (抖音).\n\n" + exitCodes,
		Version:       versionLine(),
		SilenceErrors: true, // report prints them
		SilenceUsage:  true,
		Args:          needsSubcommand,
		RunE:          func(*cobra.Command, []string) error { return nil }, // never reached: Args refuses
		PersistentPreRun: func(*cobra.Command, []string) {
			p.started = true
		},
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.errOut)
	flags := root.PersistentFlags()
	flags.StringVar(&p.configFile, "config", "", "configuration file (default: $"+configs.FileVariable+", or none)")
	flags.Var(langFlag{}, "lang", "en or zh (default: $"+configs.LangVariable+", then LC_ALL, LC_MESSAGES or LANG, else en)")
	flags.StringVar(&p.logLevel, "log-level", "", "trace, debug, info, warn or error (default: log.level)")
	flags.StringVar(&p.logFormat, "log-format", "", "json or console (default: log.format)")
	root.AddCommand(p.commands()...)
	root.SetVersionTemplate("{{.Version}}\n")
	refuseUnknown(root)
	sayUsage(root)
	if p.lang.IsChinese() {
		translate(root, p.lang)
	}
	return root
}

// langFlag only checks --lang: it has been read before the commands were made.
type langFlag struct{}

func (langFlag) Type() string   { return "string" }
func (langFlag) String() string { return "" }

// Set wants en or zh.
func (langFlag) Set(name string) error {
	if name != "en" && name != "zh" {
		return errors.New("want en or zh")
	}
	return nil
}

// commands lists the subcommands: one file each.
func (p *process) commands() []*cobra.Command {
	return append([]*cobra.Command{
		newRun(p),
		newGateway(p),
		newWorker(p),
		newScheduler(p),
		newMigrate(p),
		newConfig(p),
		newDoctor(p),
		newPreview(p),
		newEnqueue(p),
		newAudit(p),
		newStatus(p),
		newFailures(p),
		newRefunds(p),
		newCallbacks(p),
		newRetry(p),
		newBackfill(p),
		newSign(p),
		newSimulator(p),
		newAdminHash(p),
		newHealthcheck(p),
		newLicenses(p),
		newMan(p),
		newVersion(p),
	}, fullCommands(p)...)
}

// config loads the configuration, lays the flags over it and checks that the keys the command needs are set.
func (p *process) config(require ...string) (*configs.Config, error) {
	environ := p.environ
	file := p.configFile
	for _, e := range environ {
		if name, ok := strings.CutPrefix(e, configs.FileVariable+"="); ok && file == "" {
			file = name
		}
	}
	cfg, err := configs.Load(file, environ, assembly.Ladder, assembly.ShopTexts, assembly.TradeKeys)
	if err != nil {
		return nil, err
	}
	if err := p.overlay(cfg); err != nil {
		return nil, err
	}
	return cfg, cfg.Require(require...)
}

func (p *process) overlay(cfg *configs.Config) error {
	if p.logLevel != "" {
		if level, err := zerolog.ParseLevel(p.logLevel); err != nil || level < zerolog.TraceLevel || level > zerolog.ErrorLevel {
			return usagef("--log-level: want trace, debug, info, warn or error, found %q", p.logLevel)
		}
		cfg.Log.Level = p.logLevel
	}
	switch p.logFormat {
	case "":
	case "json", "console":
		cfg.Log.Format = p.logFormat
	default:
		return usagef("--log-format: want json or console, found %q", p.logFormat)
	}
	return nil
}

// logger writes to stderr: stdout is for what a command was asked for.
func (p *process) logger(cfg *configs.Config) zerolog.Logger {
	if p.quiet && p.logLevel == "" {
		return zerolog.Nop()
	}
	return assembly.NewLogger(cfg.Log, p.errOut)
}

// with loads the configuration, in which the required keys must be set, hands the assembly over to use, and closes it. The teardown
// runs on after a signal, for it is what the signal asks for, but use and teardown together not longer than the ladder allows.
func (p *process) with(
	ctx context.Context, required []string, use func(context.Context, *configs.Config, *assembly.Assembly) error,
) error {
	cfg, err := p.config(required...)
	if err != nil {
		return err
	}
	v, c := versionAndCommit()
	a := assembly.New(cfg, p.logger(cfg), append(p.options[:len(p.options):len(p.options)], assembly.WithBuild(metrics.Build{Version: v, Commit: c}))...)
	if p.zone, err = a.Zone(); err != nil {
		return err
	}
	most := assembly.Ending(cfg)
	if p.most > 0 {
		most = p.most
	}
	ending, cancel := endingOf(ctx, most)
	defer cancel()
	used := make(chan error, 1)
	go func() { used <- use(ctx, cfg, a) }()
	select {
	case err = <-used:
	case <-ending.Done():
		err = errors.New("it did not end in time after the signal: does Redis answer, and MySQL?")
	}
	ending, cancel = context.WithTimeout(ending, most)
	defer cancel()
	return errors.Join(err, a.Close(ending))
}

// endingOf is a context for what a command does at its end: it has ctx's values and ends a while after ctx.
func endingOf(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	ending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(after, cancel)
		context.AfterFunc(ending, func() { timer.Stop() })
	})
	return ending, func() {
		stop()
		cancel()
	}
}
