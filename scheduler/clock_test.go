package scheduler

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestAJobRunsAtOnceAndThenAtEveryBell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		ctx, cancel := context.WithCancel(t.Context())
		s := &Scheduler{Log: zerolog.Nop(), Jobs: []Job{{Name: "x", Every: time.Minute, Do: func(context.Context) (bool, error) {
			if at = append(at, time.Since(start)); len(at) == 4 {
				cancel()
			}
			return false, nil
		}}}}
		s.Run(ctx)
		if len(at) != 4 || at[0] != 0 || at[1] != time.Minute || at[3] != 3*time.Minute {
			t.Errorf("ran at %v", at)
		}
	})
}

func TestAJobThatAsksForMoreGoesOnAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		fails bool
		took  time.Duration
	}{"more": {false, 0}, "more, and an error": {true, 2 * time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			start, runs := time.Now(), 0
			ctx, cancel := context.WithCancel(t.Context())
			s := &Scheduler{Log: zerolog.Nop(), Jobs: []Job{{Name: "x", Every: time.Minute, Do: func(context.Context) (bool, error) {
				if runs++; runs == 3 {
					cancel()
				}
				if c.fails {
					return true, errGone
				}
				return true, nil
			}}}}
			s.Run(ctx)
			if took := time.Since(start); took != c.took {
				t.Errorf("%s: three runs took %v, want %v", name, took, c.took)
			}
		})
	}
}

func TestAFailingJobIsLoggedOnceAndHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var observed []error
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Second)
		defer cancel()
		fails, others := 0, 0
		s := &Scheduler{
			Log: zerolog.New(zerolog.SyncWriter(&out)),
			Observe: func(job string, _ time.Duration, err error) {
				if job == "bad" {
					observed = append(observed, err)
				}
			},
			Jobs: []Job{
				{"bad", time.Minute, func(context.Context) (bool, error) {
					if fails++; fails < 4 {
						return false, errGone
					}
					return false, nil
				}},
				{"good", time.Minute, func(context.Context) (bool, error) { others++; return false, nil }},
			},
		}
		s.Run(ctx)
		if others != 6 || fails != 6 || len(observed) != 6 || observed[2] == nil || observed[3] != nil {
			t.Errorf("the failing job ran %d times (%v), the other one %d times", fails, observed, others)
		}
		if log := out.String(); strings.Count(log, "\n") != 2 || !strings.Contains(log, errGone.Error()) || !strings.Contains(log, "works again") {
			t.Errorf("log %s", log)
		}
	})
}

func TestRunReturnsWhenTheLastJobHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		ended := make(chan struct{})
		observed := 0
		s := &Scheduler{Log: zerolog.Nop(), Observe: func(string, time.Duration, error) { observed++ }, Jobs: []Job{
			{"slow", time.Minute, func(context.Context) (bool, error) { <-release; return true, nil }},
		}}
		go func() { s.Run(ctx); close(ended) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		select {
		case <-ended:
			t.Error("Run left a job behind")
		default:
		}
		close(release)
		<-ended
		if observed != 0 {
			t.Error("a run that was interrupted is no run")
		}
	})
}
