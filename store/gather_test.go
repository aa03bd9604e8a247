package store

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// held is a gatherer whose runs answer odd keys at once, and the others in a rest that waits to be let go.
func held(began chan []int, letGo chan struct{}) *gatherer[int, int] {
	return newGatherer(Config{BatchSize: 10}, func(_ context.Context, calls []*call[int, int]) (rest func()) {
		var keys []int
		for _, c := range calls {
			keys = append(keys, c.key)
			c.value = -c.key
			if c.key%2 == 1 {
				c.answer()
			}
		}
		began <- keys
		return func() { <-letGo }
	})
}

func TestTheRestOfABatchHoldsUpOnlyWhoNeedsIt(t *testing.T) {
	t.Parallel()
	began, letGo := make(chan []int, 3), make(chan struct{})
	g := held(began, letGo)
	even := make(chan int, 1)
	go func() {
		v, _ := g.do(t.Context(), 2)
		even <- v
	}()
	if keys := <-began; !slices.Equal(keys, []int{2}) {
		t.Fatalf("the first batch is %v", keys)
	}
	for _, key := range []int{3, 5} { // while the rest of the first batch waits
		if v, err := g.do(t.Context(), key); err != nil || v != -key {
			t.Errorf("%d: %d, %v", key, v, err)
		}
		<-began
	}
	closed := make(chan struct{})
	go func() { g.close(); close(closed) }()
	select {
	case v := <-even:
		t.Fatalf("2 was answered (%d) before the rest of its batch was done", v)
	case <-closed:
		t.Fatal("close did not wait for the rests")
	default:
	}
	close(letGo)
	if v := <-even; v != -2 {
		t.Errorf("2: %d", v)
	}
	<-closed
	if _, err := g.do(t.Context(), 1); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}
