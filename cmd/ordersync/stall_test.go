package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// port is a port of ours with short deadlines, over a handler of the test's own.
type port struct {
	addr  string
	stop  context.CancelFunc
	ended chan error
}

func (p *port) dial(t *testing.T, send string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, send); err != nil {
		t.Fatal(err)
	}
	return c
}

func openPort(t *testing.T, d deadlines, h http.HandlerFunc) *port {
	t.Helper()
	ln, err := bind(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &port{ln.Addr().String(), cancel, make(chan error, 1)}
	go func() { p.ended <- serveWithin(ctx, d, "test", ln, h, zerolog.Nop()) }()
	t.Cleanup(cancel)
	return p
}

var patient = deadlines{
	header: time.Minute, read: time.Minute, write: time.Minute, stall: time.Minute, idle: time.Minute, drain: time.Minute,
}

const ask = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

// 400 readers that never read were held for ever, and kept the process from ending well.
func TestAReaderThatNeverReadsIsCutOff(t *testing.T) {
	const readers = 100
	d := patient
	d.stall = 200 * time.Millisecond
	var handlers sync.WaitGroup
	handlers.Add(readers)
	p := openPort(t, d, func(w http.ResponseWriter, _ *http.Request) {
		defer handlers.Done()
		_, _ = w.Write(make([]byte, 32<<20)) // more than the kernel keeps for a connection
	})
	for range readers {
		p.dial(t, ask)
	}
	handlers.Wait() // without a deadline: never
	began := time.Now()
	p.stop()
	if err := <-p.ended; err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("ended after %v with %v", time.Since(began), err)
	}
}

// A signal that comes while they do not read is obeyed too, and is no failure.
func TestASignalEndsWhoDoesNotRead(t *testing.T) {
	d := patient
	d.drain = 200 * time.Millisecond
	writing := make(chan struct{}, 1)
	p := openPort(t, d, func(w http.ResponseWriter, _ *http.Request) {
		writing <- struct{}{}
		_, _ = w.Write(make([]byte, 32<<20))
	})
	p.dial(t, ask)
	<-writing
	p.stop()
	if err := <-p.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// A slow reader that reads is not cut off: each piece has a deadline of its own.
func TestASlowReaderGetsItsAnswer(t *testing.T) {
	d := patient
	d.stall = time.Second
	const size = 8 << 20
	p := openPort(t, d, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) })
	c := p.dial(t, "GET / HTTP/1.0\r\n\r\n")
	got, tick := 0, time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for piece := make([]byte, 256<<10); ; <-tick.C { // 1.6 s and more in all
		n, err := io.ReadFull(c, piece)
		got += n
		if err != nil {
			break
		}
	}
	if got < size {
		t.Errorf("%d of %d bytes arrived", got, size)
	}
}

// Neither a body that trickles in, nor a header, nor silence holds a connection: the admin and the probe ports had no deadline for bodies.
func TestWhoeverSendsTooSlowlyIsCutOff(t *testing.T) {
	short := patient
	short.header, short.read, short.idle = 200*time.Millisecond, 300*time.Millisecond, 200*time.Millisecond
	for what, send := range map[string]string{
		"a header": "GET / HTTP/1.1\r\nHost:", "a body": "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab", "silence": ask,
	} {
		p := openPort(t, short, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
		c := p.dial(t, send)
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: held after 10 s", what)
		}
	}
}

// Every port of ours has every deadline.
func TestNoPortIsWithoutADeadline(t *testing.T) {
	for name, d := range map[string]time.Duration{
		"header": ports.header, "read": ports.read, "write": ports.write, "stall": ports.stall, "idle": ports.idle, "drain": ports.drain,
	} {
		if d <= 0 || d > 2*time.Minute {
			t.Errorf("%s: %v", name, d)
		}
	}
	if ports.stall >= ports.drain || ports.drain > 15*time.Second {
		t.Errorf("a stalled reader outlives the drain: %v, %v", ports.stall, ports.drain)
	}
}
