package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Job is something done again and again. Do is called once at the start and then every Every; a run
// that asks for more is followed by the next one at once.
type Job struct {
	Name  string        // for the log and Observe
	Every time.Duration // above 0; a run that takes longer is followed by the next one at once
	Do    func(ctx context.Context) (more bool, err error)
}

// Scheduler runs jobs side by side, each in a loop of its own.
type Scheduler struct {
	Jobs []Job
	Log  zerolog.Logger
	// Observe is told of every run; nil: nobody.
	Observe func(job string, took time.Duration, err error)
}

// Run runs all jobs until ctx ends, and returns when the last one has returned.
func (s *Scheduler) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, j := range s.Jobs {
		wg.Go(func() { s.loop(ctx, j) })
	}
	wg.Wait()
}

func (s *Scheduler) loop(ctx context.Context, j Job) {
	bell := time.NewTicker(j.Every)
	defer bell.Stop()
	failing := false
	for {
		started := time.Now()
		more, err := j.Do(ctx)
		if ctx.Err() != nil {
			return
		}
		if s.Observe != nil {
			s.Observe(j.Name, time.Since(started), err)
		}
		switch {
		case err != nil && !failing: // a job that rings five times a second must not write five lines a second
			s.Log.Error().Err(err).Str("job", j.Name).Msg("job failed; it is tried again at every bell")
		case err == nil && failing:
			s.Log.Info().Str("job", j.Name).Msg("job works again")
		}
		failing = err != nil
		if more && err == nil {
			continue
		}
		select {
		case <-bell.C:
		case <-ctx.Done():
			return
		}
	}
}
