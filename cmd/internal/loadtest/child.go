package loadtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/douyin/simulator"
	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// The modes of a child process.
const (
	modeSimulator = "simulator"
	modeNoop      = "noop"     // asynq with a handler that does nothing
	modeCall      = "call"     // asynq and the HTTP call
	modePlain     = "plain"    // four GORM reads, one call, one insert
	modePipeline  = "pipeline" // what production runs
	modeCrowd     = "crowd"    // the same with crowdFactor times the handlers; only a parent knows it
)

const crowdFactor = 4

// simulatorGCPercent: Douyin's processors are not the shop's, so the simulator leaves them as much of these as memory can buy.
const simulatorGCPercent = 400

// job is what a child is told on standard input, as one JSON object.
type job struct {
	Mode     string
	MySQL    string
	TLS      [3]string // ca_file, cert_file and key_file of mysql
	Redis    string
	Douyin   string
	Handlers int
	Prefetch int
	Servers  int
	Orders   int // ends after so many; 0: when standard input closes
	Latency  time.Duration
}

// result is what a worker child prints when it has done its orders.
type result struct {
	Seconds float64 // from the first task's start to the last one's end
	PeakRSS uint64  // bytes
	Busy    float64 // of the machine's processors meanwhile, whoever used them: 0 to 1; 0 where the system does not tell
}

const (
	loadAppID  = "ttload0123456789ab"
	loadSecret = "load-app-secret"
)

// Child runs one child process: a job on in, one line on out when it is ready or done.
func Child(ctx context.Context, in io.Reader, out io.Writer, log zerolog.Logger) error {
	var j job
	input := bufio.NewReader(in)
	line, err := input.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("loadtest child: job: %w", err)
	}
	if err := json.Unmarshal(line, &j); err != nil {
		return fmt.Errorf("loadtest child: job: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // the parent's end is ours
		_, _ = io.Copy(io.Discard, input)
		cancel()
	}()
	if j.Mode == modeSimulator {
		return simulate(ctx, j, out)
	}
	return work(ctx, j, out, log)
}

func simulate(ctx context.Context, j job, out io.Writer) error {
	sim := simulator.New(simulator.Config{AppID: loadAppID, Secret: loadSecret, Slim: true, Latency: j.Latency})
	defer func() { _ = sim.Close() }()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	debug.SetGCPercent(simulatorGCPercent)
	srv := &http.Server{Handler: sim, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	fmt.Fprintln(out, "http://"+l.Addr().String())
	if err := srv.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// config is production's, without a rate limit of ours.
func (j job) config() *configs.Config {
	cfg := configs.Default()
	cfg.MySQL.CAFile, cfg.MySQL.CertFile, cfg.MySQL.KeyFile = j.TLS[0], j.TLS[1], j.TLS[2]
	cfg.MySQL.DSN, cfg.Redis.URI = configs.Secret(j.MySQL), configs.Secret(j.Redis)
	cfg.Douyin.BaseURL, cfg.Douyin.AppID, cfg.Douyin.Secret = j.Douyin, loadAppID, loadSecret
	cfg.Douyin.RateLimit = 0
	cfg.Shop.Status = sampleshop.Words()
	cfg.Worker.Concurrency, cfg.Worker.Prefetch, cfg.Worker.Servers = j.Handlers, j.Prefetch, j.Servers
	return cfg
}

func work(ctx context.Context, j job, out io.Writer, log zerolog.Logger) error {
	w := &watch{want: int64(j.Orders), done: make(chan struct{})}
	parts := assembly.New(j.config(), log, assembly.WithObserver(func(a worker.Attempt) {
		if a.Outcome == store.Pushed {
			w.end()
		}
	}))
	defer func() { _ = parts.Close(context.WithoutCancel(ctx)) }()
	servers, err := j.servers(ctx, parts, w, log)
	if err != nil {
		return err
	}
	before := readProcessors()
	w.started = time.Now()
	if err := servers.Start(); err != nil {
		return err
	}
	if j.Mode != modePipeline {
		defer func() { _ = servers.Shutdown(context.WithoutCancel(ctx)) }() // the assembly does not know them
	}
	fmt.Fprintln(out, "ready")
	select {
	case <-w.done:
	case <-ctx.Done():
		if j.Orders > 0 {
			return fmt.Errorf("loadtest child: stopped after %d of %d orders", w.ended.Load(), j.Orders)
		}
	}
	return json.NewEncoder(out).Encode(result{Seconds: w.took().Seconds(), PeakRSS: peakRSS(), Busy: readProcessors().busySince(before)})
}

func (j job) servers(ctx context.Context, parts *assembly.Assembly, w *watch, log zerolog.Logger) (*worker.Servers, error) {
	if j.Mode == modePipeline {
		return parts.Worker()
	}
	handler, err := j.yardstick(ctx, parts)
	if err != nil {
		return nil, err
	}
	redis, err := parts.Redis()
	if err != nil {
		return nil, err
	}
	counted := asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		err := handler(ctx, t)
		if err == nil {
			w.end()
		}
		return err
	})
	return worker.NewServers(worker.Config{
		Redis: redis, InHand: j.Handlers, PushServers: j.Servers, ShutdownTimeout: 10 * time.Second, Log: log,
	}, worker.Handlers{Push: counted})
}

// yardstick is what the pipeline is measured against.
func (j job) yardstick(ctx context.Context, parts *assembly.Assembly) (func(context.Context, *asynq.Task) error, error) {
	if j.Mode == modeNoop {
		return func(context.Context, *asynq.Task) error { return nil }, nil
	}
	client, err := parts.UngatedDouyin()
	if err != nil {
		return nil, err
	}
	if j.Mode == modeCall {
		return func(ctx context.Context, t *asynq.Task) error {
			p, err := tasks.ParsePushOrder(t)
			if err != nil {
				return err
			}
			_, err = client.PushOrder(ctx, samplePush(p.OrderID))
			return err
		}, nil
	}
	db, err := parts.DB()
	if err != nil {
		return nil, err
	}
	plain := &plainHandler{db: db, client: client}
	return plain.handle, plain.prepare(ctx)
}

// watch counts finished orders.
type watch struct {
	want    int64
	started time.Time
	ended   atomic.Int64
	finish  atomic.Int64 // nanoseconds since started
	done    chan struct{}
}

func (w *watch) end() {
	n := w.ended.Add(1)
	w.finish.Store(int64(time.Since(w.started)))
	if n == w.want {
		close(w.done)
	}
}

func (w *watch) took() time.Duration { return time.Duration(w.finish.Load()) }
