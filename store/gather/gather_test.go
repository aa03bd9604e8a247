package gather

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// held is a group whose runs answer odd keys at once, and the others in a rest that waits to be let
// go.
func held(began chan []int, letGo chan struct{}) *Group[int, int] {
	return New(Config{Size: 10, Timeout: time.Minute}, func(_ context.Context, calls []*Call[int, int]) (rest func()) {
		var keys []int
		for _, c := range calls {
			keys = append(keys, c.Key)
			c.Value = -c.Key
			if c.Key%2 == 1 {
				c.Answer()
			}
		}
		began <- keys
		return func() { <-letGo }
	})
}

func TestTheRestOfABatchHoldsUpOnlyWhoNeedsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, letGo := make(chan []int, 3), make(chan struct{})
		g := held(began, letGo)
		even := make(chan int, 1)
		go func() {
			v, _ := g.Do(t.Context(), 2)
			even <- v
		}()
		if keys := <-began; !slices.Equal(keys, []int{2}) {
			t.Fatalf("the first batch is %v", keys)
		}
		for _, key := range []int{3, 5} { // while the rest of the first batch waits
			if v, err := g.Do(t.Context(), key); err != nil || v != -key {
				t.Errorf("%d: %d, %v", key, v, err)
			}
			<-began
		}
		closed := make(chan struct{})
		go func() { g.Close(); close(closed) }()
		synctest.Wait()
		select {
		case v := <-even:
			t.Errorf("2 was answered (%d) before the rest of its batch was done", v)
		case <-closed:
			t.Error("Close did not wait for the rests")
		default:
		}
		close(letGo)
		if v := <-even; v != -2 {
			t.Errorf("2: %d", v)
		}
		<-closed
		if _, err := g.Do(t.Context(), 1); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// Of three callers in one batch one goes while it waits for the run, and one during the run: the
// first is left out, the other gets its own cause, and the third hears nothing of either.
func TestACallersEndFailsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var batches [][]int
		letGo := make(chan struct{})
		g := New(Config{Size: 10, Timeout: time.Minute}, func(ctx context.Context, calls []*Call[int, int]) func() {
			var keys []int
			for _, c := range calls {
				keys = append(keys, c.Key)
				c.Value = -c.Key
			}
			batches = append(batches, keys)
			<-letGo
			if ctx.Err() != nil {
				t.Errorf("batch %v: %v", keys, ctx.Err())
			}
			return nil
		})
		gone := errors.New("the caller went")
		type answer struct {
			value int
			err   error
		}
		ask := func(key int) (answered chan answer, leave func()) {
			ctx, cancel := context.WithCancelCause(t.Context())
			answered = make(chan answer, 1)
			go func() {
				v, err := g.Do(ctx, key)
				answered <- answer{v, err}
			}()
			synctest.Wait()
			return answered, func() { cancel(gone); synctest.Wait() }
		}
		first, _ := ask(1) // is in its run
		early, leaveEarly := ask(2)
		late, leaveLate := ask(3)
		stays, _ := ask(4)
		leaveEarly()
		letGo <- struct{}{}
		synctest.Wait()
		leaveLate()
		letGo <- struct{}{}
		for name, c := range map[string]struct {
			got  chan answer
			want answer
		}{"first": {first, answer{-1, nil}}, "early": {early, answer{0, gone}}, "late": {late, answer{0, gone}}, "stays": {stays, answer{-4, nil}}} {
			if got := <-c.got; got != c.want {
				t.Errorf("%s: %+v, want %+v", name, got, c.want)
			}
		}
		g.Close()
		if want := [][]int{{1}, {3, 4}}; !slices.EqualFunc(batches, want, slices.Equal) {
			t.Errorf("batches %v, want %v", batches, want)
		}
	})
}

// A run waits for as long as the one before it took, but not beyond the window and not beyond its
// size; and a lone call after lone calls waits for nobody.
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
				g := New(Config{Window: c.window, Size: 4, Timeout: time.Minute}, func(context.Context, []*Call[int, int]) func() {
					began = append(began, time.Now())
					<-time.After(c.took)
					return nil
				})
				ask := func(n int) *sync.WaitGroup {
					var asked sync.WaitGroup
					for range n {
						asked.Go(func() {
							if _, err := g.Do(t.Context(), 0); err != nil {
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
				g.Close()
			})
		})
	}
}
