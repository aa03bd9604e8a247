package playground

import (
	"net"
	"net/http"
	"sync/atomic"
)

// Door is a port that answers from the moment it is open: in the way of meanwhile, until Lead names
// what stands behind it.
type Door struct {
	behind    atomic.Pointer[http.Handler]
	meanwhile http.Handler
	closers   *Closers
}

// Open opens a door on l until c is closed.
func (c *Closers) Open(l net.Listener, meanwhile http.Handler) *Door {
	d := &Door{meanwhile: meanwhile, closers: c}
	d.behind.Store(&meanwhile)
	c.Serve(l, d)
	return d
}

// Lead lets requests through to h, until the closers close what was made before it.
func (d *Door) Lead(h http.Handler) {
	d.behind.Store(&h)
	d.closers.Add(func() { d.behind.Store(&d.meanwhile) })
}

// ServeHTTP implements http.Handler.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*d.behind.Load()).ServeHTTP(w, r) }
