package playground

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// StartRedis is a Redis in this process, at addr, until stop is called. It holds nothing, and keeps
// nothing.
func StartRedis(addr string) (at string, stop func(), err error) {
	mini := miniredis.NewMiniRedis()
	if err := mini.StartAddr(addr); err != nil {
		return "", nil, fmt.Errorf("embedded redis: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { keepTime(ctx, mini); close(ended) }()
	return mini.Addr(), func() {
		cancel()
		<-ended
		mini.Close()
	}, nil
}

// keepTime lets miniredis's keys expire: it has no clock of its own.
func keepTime(ctx context.Context, mini *miniredis.Miniredis) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			mini.FastForward(time.Second)
		case <-ctx.Done():
			return
		}
	}
}
