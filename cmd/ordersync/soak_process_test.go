package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/worker"
)

// soakedVariable makes this test binary an ordersync whose waits are short, so that a soak need not wait for production's and its
// processes can still be killed with -9. What it does apart from its waits is what the real one does.
const soakedVariable = "SOAKED_ORDERSYNC"

func TestMain(m *testing.M) {
	if os.Getenv(soakedVariable) != "" {
		os.Exit(soaked(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// soaked is main with other waits.
func soaked(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if args[0] != "gateway" && args[0] != "run" { // they say so by themselves
		fmt.Fprintf(os.Stderr, "{\"level\":\"info\",\"message\":\"%s listens\",\"addr\":\"its queues\"}\n", args[0])
	}
	p := &process{environ: os.Environ(), in: strings.NewReader(""), out: os.Stdout, errOut: os.Stderr, options: soakOptions()}
	return p.run(ctx, args)
}

func soakOptions() []assembly.Option {
	return []assembly.Option{
		assembly.WithBackoff(worker.Backoff{Scale: 0.005}), // its longest wait becomes 18 s
		assembly.WithPolls(2*time.Second, 3*time.Second),
		assembly.WithGrace(5 * time.Second),
	}
}

// serve starts what carries the instructions out: processes of their own, or all in this one where MariaDB is not installed.
func (s *soak) serve() {
	s.t.Helper()
	if s.mysql == nil {
		s.run()
		return
	}
	s.app.Store(s.start("gateway"))
	s.clock = s.start("scheduler")
	for range soakWorkers {
		s.workers = append(s.workers, s.start("worker"))
	}
}

// killOne ends one process as kill -9 does and starts another one in its place: mostly a worker, every fourth time the gateway. The
// scheduler is killed in long soaks only: callbacks that it was just handing on wait for four minutes then.
func (s *soak) killOne() {
	s.t.Helper()
	s.kills++
	switch {
	case s.mysql == nil:
		s.app.Load().kill()
		s.run()
	case s.n >= soakLong && s.kills%9 == 5:
		s.clock.kill()
		s.clock = s.start("scheduler")
	case s.kills%4 == 0:
		s.app.Load().kill()
		s.app.Store(s.start("gateway"))
	default:
		i := s.kills % soakWorkers
		s.workers[i].kill()
		s.workers[i] = s.start("worker")
	}
}
