package assembly

import "github.com/ordersync/ordersync/douyin"

// Gate is the rate limit and the circuit breaker that all calls to Douyin pass. nil lets every call pass.
func (a *Assembly) Gate() (douyin.Gate, error) {
	return a.gate.get(func() (douyin.Gate, error) { return nil, nil })
}
