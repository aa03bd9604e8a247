package assembly

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store"
)

// A counting serves a minute, and one that took long serves twenty times as long, be it an error.
func TestStatusesAreCountedAsSeldomAsTheyAreDear(t *testing.T) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	asked, took, fails := 0, time.Duration(0), error(nil)
	s := &statuses{now: func() time.Time { return now }, count: func(context.Context) (store.StatusCounts, error) {
		asked++
		now = now.Add(took)
		return store.StatusCounts{Read: asked}, fails
	}}
	for _, step := range []struct {
		after, took time.Duration
		fails       error
		asked       int
	}{
		{0, 0, nil, 1},
		{statusesFor - 1, 0, nil, 1},
		{1, 10 * time.Second, errors.New("too slow"), 2},
		{10*statusesRest*time.Second - 1, 0, nil, 2},
		{1, 0, nil, 3},
	} {
		now = now.Add(step.after)
		took = step.took
		if asked+1 == step.asked {
			fails = step.fails
		}
		c, err := s.Count(t.Context())
		if asked != step.asked || c.Read != step.asked || !errors.Is(err, fails) {
			t.Errorf("after %v: asked %d times, want %d; %+v, %v", step.after, asked, step.asked, c, err)
		}
	}
}
