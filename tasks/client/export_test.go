package client

import (
	"context"
	"time"
)

// WaitBy lets a test see the waits between tries instead of waiting.
func (c *Client) WaitBy(wait func(ctx context.Context, d time.Duration) error) { c.wait = wait }
