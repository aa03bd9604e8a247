package main

import (
	"net"
	"sync"
	"time"
)

// patientListener hands out connections that wait for a reader for so long, and no longer. net/http knows only a deadline for a whole
// answer: with one short enough for those who never read, a slow reader would lose a long answer.
type patientListener struct {
	net.Listener
	stall time.Duration
}

// Accept waits for the next connection.
func (l *patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: c, stall: l.stall}, nil
}

// pieceBytes are what a reader has to take within the stall.
const pieceBytes = 16 << 10

// patientConn writes in pieces, each with a deadline of its own. That of the whole answer stays, where it comes first.
type patientConn struct {
	net.Conn
	stall time.Duration

	mu    sync.Mutex
	whole time.Time // net/http's own deadline; zero: none
}

// SetDeadline is for reading and writing.
func (c *patientConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetWriteDeadline is for the whole answer.
func (c *patientConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = t
	return c.Conn.SetWriteDeadline(t)
}

// Write is that of net.Conn.
func (c *patientConn) Write(b []byte) (n int, err error) {
	for {
		piece := b[n:min(len(b), n+pieceBytes)]
		if err := c.Conn.SetWriteDeadline(c.next()); err != nil {
			return n, err
		}
		wrote, err := c.Conn.Write(piece)
		n += wrote
		if err != nil || n == len(b) {
			return n, err
		}
	}
}

func (c *patientConn) next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := time.Now().Add(c.stall)
	if !c.whole.IsZero() && c.whole.Before(next) {
		return c.whole
	}
	return next
}
