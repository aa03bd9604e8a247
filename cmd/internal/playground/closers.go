package playground

// Closers are what has to end, last first. The zero value is usable; it is for one goroutine.
type Closers struct{ all []func() }

// Add has f called by Close.
func (c *Closers) Add(f func()) { c.all = append(c.all, f) }

// Close calls everything, last first. A second Close does nothing.
func (c *Closers) Close() {
	for i := len(c.all) - 1; i >= 0; i-- {
		c.all[i]()
	}
	c.all = nil
}
