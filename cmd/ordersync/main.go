package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Set by -ldflags "-X main.version=… -X main.commit=…"; without them the version command asks the build information.
var version, commit string

func main() {
	// The first signal asks to stop. After it the signals have their usual effect again, so a second one ends a process that
	// takes too long.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	p := &process{environ: os.Environ(), in: os.Stdin, out: os.Stdout, errOut: os.Stderr}
	os.Exit(p.run(ctx, os.Args[1:]))
}
