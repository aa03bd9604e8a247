package journeys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store/servertest"
)

// logLine is what the tests read of a line of ordersync's log.
type logLine struct {
	Message, Addr, From, To string
	Enqueued                int
}

// journal keeps the log of a process and tells whoever waits for a line.
type journal struct {
	mu      sync.Mutex
	text    bytes.Buffer
	read    int           // bytes of text that were cut into lines
	lines   []logLine     // those that are JSON
	changed chan struct{} // closed, and replaced, with every new line
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

// Write never fails.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Write(b)
	for {
		line, _, whole := bytes.Cut(j.text.Bytes()[j.read:], []byte("\n"))
		if !whole {
			return len(b), nil
		}
		j.read += len(line) + 1
		var l logLine
		if json.Unmarshal(line, &l) == nil {
			j.lines = append(j.lines, l)
		}
		close(j.changed)
		j.changed = make(chan struct{})
	}
}

// await returns the first line that matches, written already or to come.
func (j *journal) await(ctx context.Context, match func(logLine) bool) (logLine, error) {
	for {
		j.mu.Lock()
		i, changed := slices.IndexFunc(j.lines, match), j.changed
		if i >= 0 {
			defer j.mu.Unlock()
			return j.lines[i], nil
		}
		j.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return logLine{}, ctx.Err()
		}
	}
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// tail is the newest lines, for a failed test.
func (j *journal) tail(most int) string {
	lines := strings.Split(strings.TrimSpace(j.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// running is one ordersync that serves.
type running struct {
	log   *journal
	addr  string        // where it listens
	ended chan struct{} // closed when it is over
	code  int           // of its end; -1 when a signal ended it
	die   func()        // kill -9
	ask   func()        // SIGTERM
}

// kill ends it without a chance to say goodbye.
func (r *running) kill() {
	r.die()
	<-r.ended
}

// stop asks it to end and returns its exit code and how long it took.
func (r *running) stop(ctx context.Context) (code int, took time.Duration, err error) {
	asked := time.Now()
	r.ask()
	select {
	case <-r.ended:
		return r.code, time.Since(asked), nil
	case <-ctx.Done():
		return 0, time.Since(asked), ctx.Err()
	}
}

// binary starts processes of an executable of ours.
type binary struct {
	path    string
	environ []string // more than what start is given
	reaper  *reaper
}

// start starts a process that ends with the test.
func (b *binary) start(t *testing.T, environ []string, args ...string) *running {
	t.Helper()
	r := &running{log: newJournal(), ended: make(chan struct{})}
	cmd := exec.Command(b.path, args...) //nolint:gosec,noctx // our own binary; it outlives the test's context until Cleanup
	cmd.Env = slices.Concat(environ, b.environ)
	cmd.Stdout, cmd.Stderr = r.log, r.log
	servertest.OwnGroup(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.reaper.watch(cmd.Process.Pid)
	r.die = func() { _ = cmd.Process.Kill() }
	r.ask = func() { _ = cmd.Process.Signal(syscall.SIGTERM) }
	go func() {
		defer close(r.ended)
		err := cmd.Wait()
		b.reaper.forget(cmd.Process.Pid)
		r.code = cmd.ProcessState.ExitCode()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			r.code = -1
		}
	}()
	return r.endsWith(t, args)
}

// command runs one command line to its end. err is that of an exit code that is not 0, too.
func (b *binary) command(t *testing.T, environ []string, in string, args ...string) (out, errOut string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.path, args...) //nolint:gosec // our own binary
	cmd.Env = slices.Concat(environ, b.environ)
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// endsWith ends it with the test.
func (r *running) endsWith(t *testing.T, args []string) *running {
	t.Cleanup(func() {
		r.kill()
		if t.Failed() {
			t.Logf("the end of the log of ordersync %s:\n%s", strings.Join(args, " "), r.log.tail(40))
		}
	})
	return r
}

// listens waits until it serves.
func (r *running) listens(t *testing.T, args []string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() {
		select {
		case <-r.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	line, err := r.log.await(ctx, func(l logLine) bool {
		return l.Addr != "" && strings.HasSuffix(l.Message, " listens") && l.Message != "admin listens"
	})
	if err != nil {
		t.Fatalf("ordersync %s does not listen: %v\n%s", strings.Join(args, " "), err, r.log.tail(20))
	}
	r.addr = line.Addr
	return r
}

// reaper kills our processes when the test process is gone without having done it, however it went: it is a shell that reads
// a pipe which then closes.
type reaper struct {
	mu   sync.Mutex
	pids []int
	pipe io.WriteCloser
}

func newReaper(t *testing.T) *reaper {
	t.Helper()
	const script = `trap '' HUP INT QUIT TERM; pids=; while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -9 $pids`
	cmd := exec.Command("/bin/sh", "-c", script) //nolint:noctx // it must outlive the test
	servertest.OwnGroup(cmd)
	pipe, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("start the reaper: %v", err)
	}
	t.Cleanup(func() {
		_ = pipe.Close()
		_ = cmd.Wait()
	})
	return &reaper{pipe: pipe}
}

func (r *reaper) watch(pid int) {
	r.tell(func() { r.pids = append(r.pids, pid) })
}

// forget is told as soon as a process is gone: its id may become another's.
func (r *reaper) forget(pid int) {
	r.tell(func() { r.pids = slices.DeleteFunc(r.pids, func(p int) bool { return p == pid }) })
}

func (r *reaper) tell(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	text := make([]string, len(r.pids))
	for i, pid := range r.pids {
		text[i] = strconv.Itoa(pid)
	}
	_, _ = fmt.Fprintln(r.pipe, strings.Join(text, " "))
}

// plainEnviron is the test's environment without the variables that configure ordersync.
func plainEnviron() []string {
	return slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "ORDERSYNC_") })
}
