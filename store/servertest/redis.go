package servertest

import (
	"context"
	"crypto/tls"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// redisDatabases is how many tests of one process may each have a database of their own.
const redisDatabases = 4096

// RedisServer is a Redis of one test: a private redis-server, or miniredis where that is not installed.
type RedisServer struct {
	Addr string // host:port on loopback; stays the same over Restart; with StartTLSRedis it speaks TLS only

	p    *process
	mini *miniredis.Miniredis
	tls  *tls.Config // nil: plain
}

// StartRedis starts a Redis for this test alone, with an append-only file, so that what it acknowledged survives Kill. A
// redis-server is given args too, such as a file of users to include.
func StartRedis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	path, ok := need(t, redisServer)
	if !ok {
		m := startMini(t)
		return &RedisServer{Addr: m.Addr(), mini: m}
	}
	return startRedis(t, path, plainPort, keepsKeys, args)
}

// IsMiniredis tells that redis-server is not installed.
func (s *RedisServer) IsMiniredis() bool { return s.mini != nil }

// keepsKeys lets a server keep what it acknowledged over Kill.
var keepsKeys = []string{"--appendonly", "yes", "--appendfsync", "everysec"}

func startRedis(t testing.TB, path, portOption string, args ...[]string) *RedisServer {
	t.Helper()
	s, err := newRedis(path, portOption, slices.Concat(args...)...)
	if err != nil {
		t.Fatalf("private redis-server: %v", err)
	}
	t.Cleanup(s.p.close)
	return s
}

// Kill ends the server as kill -9 does; what it held stays for Restart.
func (s *RedisServer) Kill() {
	if s.mini != nil {
		s.mini.Close()
		return
	}
	s.p.kill()
}

// Freeze stops the server as SIGSTOP does: it accepts connections and answers nothing, until Thaw. It tells false for miniredis,
// which cannot be stopped so.
func (s *RedisServer) Freeze() bool {
	if s.mini != nil {
		return false
	}
	s.p.signal(stopSignal)
	return true
}

// Thaw lets a frozen server go on.
func (s *RedisServer) Thaw() { s.p.signal(goOnSignal) }

// Restart starts the server again on its data, at the same address, and waits until it answers.
func (s *RedisServer) Restart(t testing.TB) {
	t.Helper()
	var err error
	if s.mini != nil {
		// Close ended its context for good (miniredis v2.40), and with it every command that blocks.
		s.mini.Ctx, s.mini.CtxCancel = context.WithCancel(context.Background()) //nolint:gosec // Close calls it
		err = s.mini.Restart()
	} else if err = s.p.start(); err == nil {
		err = s.waitLoaded()
	}
	if err != nil {
		t.Fatalf("restart redis: %v", err)
	}
}

// waitLoaded waits until the append-only file is read.
func (s *RedisServer) waitLoaded() error {
	client := s.admin()
	defer client.Close() //nolint:errcheck // nothing was written through it
	return eventually(func(ctx context.Context) error {
		err := client.Ping(ctx).Err()
		if redis.HasErrorPrefix(err, "NOAUTH") || redis.HasErrorPrefix(err, "WRONGPASS") { // it answers
			return nil
		}
		return err
	})
}

// eventually asks until there is no error any more, and returns the last one when that takes too long.
func eventually(ask func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// admin is a client over the server's socket.
func (s *RedisServer) admin() *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: s.p.socket})
}

// Client is a client of the server, closed when the test ends.
func (s *RedisServer) Client(t testing.TB) *redis.Client {
	return newClient(t, &redis.Options{Network: "tcp", Addr: s.Addr, TLSConfig: s.tls})
}

// plainPort is the option of redis-server for a port without TLS.
const plainPort = "--port"

// newRedis starts a server. A port that was free a moment ago may be another process's by now, so that it is tried on others.
func newRedis(path, portOption string, args ...string) (s *RedisServer, err error) {
	for range 3 {
		if s, err = newRedisOnce(path, portOption, args...); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func newRedisOnce(path, portOption string, args ...string) (*RedisServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := newProcess(path)
	if err != nil {
		return nil, err
	}
	p.args = append([]string{
		portOption, strconv.Itoa(int(port)), "--bind", "127.0.0.1", "--unixsocket", p.socket, "--unixsocketperm", "700",
		"--dir", p.dir, "--save", "", "--databases", strconv.Itoa(redisDatabases), "--maxmemory-policy", "noeviction",
	}, args...)
	s := &RedisServer{Addr: loopback(port), p: p}
	if err = p.start(); err == nil {
		err = s.waitLoaded()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return s, nil
}

// sharedRedis is one server for all tests of the process; each test has a database number of its own.
var sharedRedis = sync.OnceValues(func() (*RedisServer, error) {
	// One without TLS does not know the second option: the tests need both.
	return newRedis(redisProgram, plainPort, "--tls-port", "0", "--appendonly", "no")
})

// redisNumbers hands out the database numbers that are free.
var redisNumbers = func() chan int {
	free := make(chan int, redisDatabases)
	for n := range redisDatabases {
		free <- n
	}
	return free
}()

// Redis is a client of an empty Redis database: a private redis-server where it is installed, else miniredis. The client's
// Options say where it is, for asynq.RedisClientOpt and others. It is emptied and closed when the test ends.
func Redis(t testing.TB) *redis.Client {
	t.Helper()
	if _, ok := need(t, redisServer); !ok {
		return Miniredis(t)
	}
	s, err := sharedRedis()
	if err != nil {
		t.Fatalf("private redis-server: %v", err)
	}
	number := <-redisNumbers
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: s.p.socket, DB: number})
	t.Cleanup(func() {
		if err := client.FlushDB(context.Background()).Err(); err == nil { // else a number is lost, not a test
			redisNumbers <- number
		}
		_ = client.Close()
	})
	return client
}

// RedisAddr is host:port of an empty Redis of this test alone, for a process that the test starts.
func RedisAddr(t testing.TB) string {
	t.Helper()
	return StartRedis(t).Addr
}

// EachRedis runs test on every back end: always on miniredis, and where redis-server is installed on one of it and on a cluster
// of three. Test must not call t.Parallel, for the cluster belongs to one test at a time; whoever calls EachRedis may.
func EachRedis(t *testing.T, test func(t *testing.T, rdb redis.UniversalClient)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { test(t, Miniredis(t)) })
	if _, ok := need(t, redisServer); ok {
		t.Run("redis", func(t *testing.T) { test(t, Redis(t)) })
		t.Run("cluster", func(t *testing.T) { test(t, emptyCluster(t)) })
	}
}

// Miniredis is a client of an embedded Redis. Its clock follows the real one: keys expire.
func Miniredis(t testing.TB) *redis.Client {
	t.Helper()
	return newClient(t, &redis.Options{Network: "tcp", Addr: startMini(t).Addr()})
}

// IsMiniredis tells a test of EachRedis that what only real servers do will not happen.
func IsMiniredis(rdb redis.UniversalClient) bool {
	single, ok := rdb.(*redis.Client)
	return ok && single.Options().Network != "unix"
}

func startMini(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				m.FastForward(time.Second)
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		m.Close()
	})
	return m
}

func newClient(t testing.TB, o *redis.Options) *redis.Client {
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return client
}
