package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func mysqlError(n uint16) error { return fmt.Errorf("wrapped: %w", &mysql.MySQLError{Number: n}) }

// scene is a batch of the numbers from 0 on, in which some numbers make a statement fail.
func scene(n int, errs map[int]error, held func([]int) ([]int, []int, error)) (done, failed, stuck []int, runs int) {
	p := parts[int]{
		held: held,
		run: func(items []int) error {
			runs++
			for _, i := range items {
				if errs[i] != nil {
					return errs[i]
				}
			}
			done = append(done, items...)
			return nil
		},
		fail: func(i int, _ error) { failed = append(failed, i) },
	}
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	p.do(items)
	slices.Sort(done)
	slices.Sort(p.stuck)
	return done, failed, p.stuck, runs
}

func TestABadItemIsFoundInFewStatements(t *testing.T) {
	t.Parallel()
	for name, number := range map[string]uint16{"out of range": 1264, "mixed collations": 1271, "a view's two rows": 1242} {
		done, failed, stuck, runs := scene(256, map[int]error{200: mysqlError(number)}, nil)
		if len(done) != 255 || !slices.Equal(failed, []int{200}) || stuck != nil || runs != 17 {
			t.Errorf("%s: %d done, %v failed, %v stuck, %d statements; want 17: two for each halving", name, len(done), failed, stuck, runs)
		}
	}
}

func TestWhatIsNotAboutARowFailsTheBatchAtOnce(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no such column": mysqlError(1054), "a locked table": mysqlError(1205), "no connection": errors.New("refused"),
	} {
		if done, failed, _, runs := scene(8, map[int]error{5: err}, nil); len(done) != 0 || len(failed) != 8 || runs != 1 {
			t.Errorf("%s: %v done, %v failed, %d statements; want one", name, done, failed, runs)
		}
	}
}

func TestLockedItemsAreLeftOut(t *testing.T) {
	t.Parallel()
	held := func(items []int) (held, free []int, err error) {
		for _, i := range items {
			if i == 3 || i == 5 {
				held = append(held, i)
			} else {
				free = append(free, i)
			}
		}
		return held, free, nil
	}
	nobody := func(items []int) ([]int, []int, error) { return nil, items, nil }
	away := func(items []int) ([]int, []int, error) { return nil, nil, mysqlError(1205) }
	lock := map[int]error{3: mysqlError(1205), 5: mysqlError(3572)}
	for _, c := range []struct {
		name                      string
		held                      func([]int) ([]int, []int, error)
		done, failed, stuck, runs int
	}{
		{"and found without waiting", held, 6, 0, 2, 2},
		{"where the lock is on a gap, by halves", nobody, 6, 0, 2, 11},
		{"but not where the table is locked", away, 0, 8, 0, 1},
	} {
		done, failed, stuck, runs := scene(8, lock, c.held)
		if len(done) != c.done || len(failed) != c.failed || len(stuck) != c.stuck || runs != c.runs {
			t.Errorf("%s: %v done, %v failed, %v stuck, %d statements", c.name, done, failed, stuck, runs)
		}
	}
}
