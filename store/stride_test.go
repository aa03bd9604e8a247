package store

import (
	"testing"
	"time"
)

func TestAStrideFollowsWhatItFinds(t *testing.T) {
	const limit = 100
	for name, c := range map[string]struct {
		covered time.Duration
		rows    int
		took    time.Duration
		want    time.Duration
	}{
		"empty":                             {time.Hour, 0, time.Millisecond, 4 * time.Hour},
		"few rows, slowly: reads the table": {time.Hour, 5, 10 * time.Second, 4 * time.Hour},
		"many rows, slowly":                 {time.Hour, 50, 2 * time.Second, 30 * time.Minute},
		"full":                              {time.Hour, limit, time.Millisecond, 30 * time.Minute},
		"as it should be":                   {time.Hour, 50, time.Millisecond, time.Hour},
		"few rows at the end of the range":  {time.Minute, 0, time.Millisecond, time.Hour},
		"full at the end of the range":      {time.Minute, limit, time.Millisecond, 30 * time.Second},
	} {
		var w stride
		w.next()
		w.learn(c.covered, c.rows, limit, c.took)
		if got := w.next(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	var w stride
	for range 50 {
		w.learn(w.next(), limit, limit, 0)
	}
	if w.next() != leastStride {
		t.Errorf("the finest is %v, want %v", w.next(), leastStride)
	}
	for range 50 {
		w.learn(w.next(), 0, limit, 0)
	}
	if w.next() != mostStride {
		t.Errorf("the widest is %v, want %v", w.next(), mostStride)
	}
}
