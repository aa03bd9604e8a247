package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker/tuning"
)

// A frozen Redis kept a worker alive for ever after SIGTERM: asynq waits for loops that ask it
// again and again. The first shutdown has a handler in flight that ends, the second one that does
// not.
func TestShutdownEndsWhileRedisIsFrozen(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ends   bool
		inHand int
	}{"the handler ends": {true, 0}, "the handler stays": {false, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := servertest.StartRedis(t)
			rdb := redis.NewClient(&redis.Options{Addr: server.Addr}) // stays open: see Shutdown
			began, let := make(chan struct{}), make(chan struct{})
			t.Cleanup(func() {
				if !tt.ends {
					close(let)
				}
			})
			servers := startStuck(t, rdb, func() {
				close(began)
				<-let
			})
			<-began
			if !server.Freeze() {
				return // miniredis cannot be frozen; ORDERSYNC_TEST_SERVERS=required says so
			}
			t.Cleanup(server.Thaw)
			if tt.ends {
				close(let)
			}
			begun := time.Now()
			err := servers.Shutdown(t.Context())
			var stuck *StuckError
			if !errors.As(err, &stuck) || stuck.InHand != tt.inHand {
				t.Errorf(
					"Shutdown says %v, want that asynq did not end, with %d in hand",
					err,
					tt.inHand,
				)
			}
			if took := time.Since(begun); took > servers.longest+2*booksTimeout {
				t.Errorf("Shutdown took %v", took)
			}
		})
	}
}

func startStuck(t *testing.T, rdb *redis.Client, handle func()) *Servers {
	t.Helper()
	servers, err := NewServers(Config{
		Redis: tuning.GatherScripts(rdb), InHand: 2, ShutdownTimeout: time.Second, Log: zerolog.Nop(),
	}, Handlers{Push: asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		handle()
		return nil
	})})
	if err == nil {
		_, err = tasks.Enqueue(
			t.Context(),
			asynq.NewClientFromRedisClient(rdb),
			tasks.PushOrder{OrderID: "1", Cause: tasks.CauseManual},
		)
	}
	if err == nil {
		err = servers.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return servers
}

func TestShutdownOfAWellWorkerIsQuickAndSilent(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	servers := startStuck(t, servertest.Redis(t), func() { close(done) })
	<-done
	begun := time.Now()
	if err := servers.Shutdown(t.Context()); err != nil || time.Since(begun) > booksTimeout {
		t.Errorf("Shutdown: %v after %v", err, time.Since(begun))
	}
}
