package tuning

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/store/servertest"
)

// roundTrips counts what goes to Redis, and holds pipelines up.
type roundTrips struct {
	single, pipelines atomic.Int64
	arrived           chan int // commands of a pipeline that asks to go on
	goOn              chan struct{}
}

func (h *roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" {
			h.single.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (h *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "evalsha" {
			h.pipelines.Add(1)
			h.arrived <- len(cmds)
			<-h.goOn
		}
		return next(ctx, cmds)
	}
}

func TestScriptsOfTheSameMomentShareARoundTrip(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		echo := redis.NewScript(`if ARGV[1] == "bad" then return redis.error_reply("BAD of " .. KEYS[1]) end; redis.call("SET", KEYS[1], ARGV[1]); return ARGV[1]`)
		if err := echo.Load(t.Context(), rdb).Err(); err != nil {
			t.Fatal(err)
		}
		h := &roundTrips{arrived: make(chan int), goOn: make(chan struct{})}
		rdb.AddHook(h)
		client := GatherScripts(rdb)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		const callers = 50
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				key, want := fmt.Sprintf("{q}:%d", i), fmt.Sprint(i)
				if i%10 == 9 {
					want = "bad"
				}
				ctx := ctx
				if i%2 == 0 { // asynq fetches without a deadline, and acknowledges with one
					ctx = t.Context()
				}
				got, err := echo.Run(ctx, client, []string{key}, want).Text()
				switch {
				case want == "bad" && (err == nil || !strings.Contains(err.Error(), "BAD of "+key)):
					t.Errorf("%s: %q, %v; want its own error", key, got, err)
				case want != "bad" && (err != nil || got != want):
					t.Errorf("%s: %q, %v; want %q", key, got, err, want)
				}
			})
		}
		sent := <-h.arrived + <-h.arrived
		if sent != 2 {
			t.Errorf("the first two pipelines carry %d; want nobody to wait for company", sent)
		}
		for waiting := 0; waiting < callers-2; runtime.Gosched() {
			a := client.(*scripts)
			a.mu.Lock()
			waiting = len(a.pending)
			a.mu.Unlock()
		}
		h.goOn <- struct{}{}
		if n := <-h.arrived; n != callers-2 {
			t.Errorf("the third carries %d; want %d", n, callers-2)
		}
		close(h.goOn)
		wg.Wait()
		if h.single.Load() != 0 || h.pipelines.Load() != 3 {
			t.Errorf("%d single, %d pipelines; want 0 and 3", h.single.Load(), h.pipelines.Load())
		}
		if n := rdb.Exists(ctx, "{q}:0", "{q}:48").Val(); n != 2 {
			t.Errorf("%d of 2 keys are set", n)
		}
	})
}

func TestAScriptThatRedisForgotIsSentWhole(t *testing.T) {
	t.Parallel()
	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if n, err := redis.NewScript("return 8").Run(ctx, GatherScripts(rdb), []string{"k"}).Int(); err != nil || n != 8 {
			t.Errorf("%d, %v", n, err)
		}
	})
}
