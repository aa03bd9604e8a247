package simulator

import "sync"

// payments are the orders that create_order has made.
type payments struct {
	mu    sync.Mutex
	known map[string]struct{}
}

func (p *payments) has(orderNo []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.known[string(orderNo)]
	return ok
}

func (p *payments) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = nil
}
