package servertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// startTimeout bounds the wait for a server to answer; a loaded machine with the race detector is slow.
const startTimeout = 60 * time.Second

// maxSocketPath is what a unix socket address holds on Linux, less the closing zero byte.
const maxSocketPath = 107

// process is a server that dies with the test process.
type process struct {
	path   string
	args   []string
	dir    string
	socket string
	cmd    *exec.Cmd
	exited chan struct{} // closed when cmd has ended
	pids   io.WriteCloser
}

// newProcess makes a private directory and its reaper; start starts the server in it.
func newProcess(path string) (*process, error) {
	dir, err := os.MkdirTemp(folder(), "ordersync-test-")
	if err != nil {
		return nil, err
	}
	if len(filepath.Join(dir, "socket")) > maxSocketPath {
		_ = os.Remove(dir)
		if dir, err = os.MkdirTemp("/tmp", "ordersync-test-"); err != nil {
			return nil, err
		}
	}
	p := &process{path: path, dir: dir, socket: filepath.Join(dir, "socket")}
	if err := p.startReaper(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return p, nil
}

// startReaper starts the shell that is told the server's process id, one a line (an empty line: none now), and acts when
// the pipe closes.
func (p *process) startReaper() error {
	const script = `trap '' HUP INT QUIT TERM; pid=; while read -r line; do pid=$line; done; [ -n "$pid" ] && kill -9 "$pid"; rm -rf "$1"`
	reaper := exec.CommandContext(context.Background(), "/bin/sh", "-c", script, "reaper", p.dir)
	OwnGroup(reaper)
	pids, err := reaper.StdinPipe()
	if err != nil {
		return err
	}
	if err := reaper.Start(); err != nil {
		return fmt.Errorf("start the reaper: %w", err)
	}
	p.pids = pids
	go func() { _ = reaper.Wait() }() // no zombie when the process goes on
	return nil
}

// start runs the server and waits until its socket accepts.
func (p *process) start() error {
	logFile, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close() //nolint:errcheck // the child has its own handle
	p.cmd = exec.CommandContext(context.Background(), p.path, p.args...)
	p.cmd.Dir = p.dir
	p.cmd.Stdout, p.cmd.Stderr = logFile, logFile
	OwnGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	if _, err := io.WriteString(p.pids, strconv.Itoa(p.cmd.Process.Pid)+"\n"); err != nil {
		return fmt.Errorf("tell the reaper: %w", err)
	}
	p.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(p.cmd, p.exited)
	return p.waitReady()
}

func (p *process) waitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	var dialer net.Dialer
	for {
		if conn, err := dialer.DialContext(ctx, "unix", p.socket); err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-p.exited:
			return fmt.Errorf("%s ended while starting: %s", filepath.Base(p.path), p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %s", filepath.Base(p.path), p.tail())
		}
	}
}

// tail is the end of the server's log.
func (p *process) tail() string {
	log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return string(log[max(0, len(log)-600):])
}

// kill ends the server as kill -9 does and waits until it is gone. Its directory stays.
func (p *process) kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.exited
	_, _ = io.WriteString(p.pids, "\n")
	_ = os.Remove(p.socket)
}

// signal sends s to the server itself.
func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// close kills the server and removes its directory.
func (p *process) close() {
	p.kill()
	_ = p.pids.Close() // the reaper removes the directory
}
