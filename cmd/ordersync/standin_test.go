package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store/embedded"
	"github.com/ordersync/ordersync/worker"
)

// These variables make this test binary an ordersync for the tests of cmd/internal/journeys, which
// start it as processes: with waits that a test has time for, or with SQLite where no MariaDB is
// installed. What it does apart from that is what the real one does.
const (
	standInWaits  = "STANDIN_WAITS"  // usual or short; unset: this is a test binary
	standInSQLite = "STANDIN_SQLITE" // path of the database's file; unset: mysql.dsn
)

func TestMain(m *testing.M) {
	if waits := os.Getenv(standInWaits); waits != "" {
		os.Exit(standIn(waits, os.Args[1:]))
	}
	if err := os.Setenv(configs.LangVariable, "en"); err != nil { // for processes that tests start
		panic(err)
	}
	os.Exit(m.Run())
}

// standIn is main with other parts.
func standIn(waits string, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var options []assembly.Option
	if waits == "short" {
		options = shortWaits()
	}
	if path := os.Getenv(standInSQLite); path != "" {
		db, err := embedded.OpenFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return exitFailed
		}
		options = append(options, assembly.WithDB(db))
	}
	p := &process{environ: os.Environ(), in: os.Stdin, out: os.Stdout, errOut: os.Stderr, options: options}
	return p.run(ctx, args)
}

func shortWaits() []assembly.Option {
	return []assembly.Option{
		assembly.WithBackoff(worker.Backoff{Scale: 0.005}), // its longest wait becomes 18 s
		assembly.WithPolls(2*time.Second, 3*time.Second),
		assembly.WithGrace(5 * time.Second),
	}
}
