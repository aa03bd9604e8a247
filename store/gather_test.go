package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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

// A run gathers for as long as the one before it took, but not beyond the window and not beyond its size; and a lone call after
// lone calls for nobody.
func TestHowLongARunWaitsForCompany(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		window, took time.Duration
		company      int // calls that come while a run gathers
		want         time.Duration
	}{
		"as long as the last run took": {10 * time.Millisecond, 3 * time.Millisecond, 1, 3 * time.Millisecond},
		"at most the window":           {10 * time.Millisecond, time.Second, 1, 10 * time.Millisecond},
		"not when it is full":          {10 * time.Millisecond, 8 * time.Millisecond, 3, time.Millisecond},
		"not without a window":         {-1, 3 * time.Millisecond, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var began []time.Time
				g := newGatherer(Config{Gather: c.window, BatchSize: 4}, func(context.Context, []*call[int, int]) func() {
					began = append(began, time.Now())
					<-time.After(c.took)
					return nil
				})
				ask := func(n int) *sync.WaitGroup {
					var asked sync.WaitGroup
					for range n {
						asked.Go(func() {
							if _, err := g.do(t.Context(), 0); err != nil {
								t.Error(err)
							}
						})
					}
					synctest.Wait()
					return &asked
				}
				ask(1).Wait()
				start := time.Now()
				lone := ask(1)
				if len(began) != 2 || !began[1].Equal(start) {
					t.Errorf("a lone call waited: %v", began)
				}
				two := ask(2) // while a run is in flight; the next one carries them
				lone.Wait()
				two.Wait()
				asked := time.Now()
				first := ask(1)
				<-time.After(time.Millisecond)
				company := ask(c.company)
				first.Wait()
				company.Wait()
				if len(began) < 4 || began[3].Sub(asked) != c.want {
					t.Errorf("the run began %v after it was asked for, want %v", began[3].Sub(asked), c.want)
				}
				g.close()
			})
		})
	}
}
