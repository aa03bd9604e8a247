package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/admin"
	"github.com/ordersync/ordersync/store"
)

const (
	// jobsEvery is how often a process looks for jobs whose process is gone; jobIdle is how long
	// nobody has moved them then.
	jobsEvery = 10 * time.Second
	jobIdle   = 30 * time.Second
	// jobEvery is how often the browser looks at a job that goes on, in seconds.
	jobEvery = 2
	// jobLimit is how many jobs are listed.
	jobLimit = 50
)

// Jobs runs what operators ask for of everything that a filter finds. One process with pages has
// one; several share the jobs by compare and set.
type Jobs struct {
	Store *store.Store
	Log   zerolog.Logger

	fresh chan store.Job
}

// NewJobs makes Jobs; Run runs them.
func NewJobs(st *store.Store, log zerolog.Logger) *Jobs {
	return &Jobs{Store: st, Log: log, fresh: make(chan store.Job, 16)}
}

// hurry lets a job begin now. Without it the job begins when it is found.
func (j *Jobs) hurry(job store.Job) {
	select {
	case j.fresh <- job:
	default:
	}
}

// Run runs jobs one after the other until ctx ends. What is left of one is found by the next
// process.
func (j *Jobs) Run(ctx context.Context) {
	ticker := time.NewTicker(jobsEvery)
	defer ticker.Stop()
	for {
		select {
		case job := <-j.fresh:
			j.run(ctx, job)
		case <-ticker.C:
			j.takeOver(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (j *Jobs) takeOver(ctx context.Context) {
	idle, err := j.Store.IdleJobs(ctx, j.Store.Clock().Add(-jobIdle))
	if err != nil {
		if ctx.Err() == nil {
			j.Log.Warn().Err(err).Msg("jobs of operators")
		}
		return
	}
	for _, job := range idle {
		j.run(ctx, job)
	}
}

func (j *Jobs) run(ctx context.Context, job store.Job) {
	for job.FinishedAt == nil && ctx.Err() == nil {
		next, err := j.Store.StepJob(ctx, job)
		switch {
		case errors.Is(err, store.ErrJobMoved):
			return // another process has it
		case err != nil:
			if ctx.Err() == nil {
				j.Log.Warn().Err(err).Int64("job", job.ID).Msg("a job of an operator waits")
			}
			return // it is found again
		}
		job = next
	}
	if job.FinishedAt != nil {
		j.Log.Info().Str("audit", "job").Int64("job", job.ID).Str("user", job.Who).Str("act", string(job.Act)).Int64("done", job.Done).Int64("locked", job.Locked).Msg("admin")
	}
}

// namedJob is the job that an address names.
func (p *pages) namedJob(ctx context.Context, r *http.Request) (store.Job, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return store.Job{}, errBadAddress
	}
	job, err := p.Store.Job(ctx, id)
	if errors.Is(err, store.ErrNoJob) {
		err = errNoPage
	}
	return job, err
}

// stopJob ends a job that goes on, and leads back to it.
func (p *pages) stopJob(ctx context.Context, r *http.Request, _ lang) (view, error) {
	job, err := p.namedJob(ctx, r)
	if err != nil {
		return view{}, err
	}
	who, _ := admin.SignedIn(ctx)
	stopped, err := p.Store.StopJob(ctx, job.ID, who.Name)
	if err != nil {
		return view{}, err
	}
	if stopped {
		p.audit(ctx, "job stopped").Int64("job", job.ID).Msg("admin")
		p.record(ctx, store.Act{Act: store.ActStop, Subject: string(job.Act), Number: strconv.FormatInt(job.ID, 10)})
	}
	return view{}, redirect(jobLink(job.ID))
}

// jobView is a job for a reader.
type jobView struct {
	store.Job
	What    string
	Percent int
	Link    string
	More    bool // there are more than Total rows
}

func (p *pages) jobView(l lang, j store.Job) jobView {
	v := jobView{Job: j, What: p.jobWords(l, j.Act, j.Filter), Link: jobLink(j.ID), More: j.Total >= store.CountLimit || j.Looked > j.Total}
	switch {
	case j.FinishedAt != nil && j.StoppedBy == "":
		v.Percent = 100
	case j.Total > 0:
		v.Percent = int(min(j.Looked*100/j.Total, 99))
	}
	return v
}

func jobLink(id int64) string { return fmt.Sprintf("/jobs/%d", id) }

func (p *pages) jobs(ctx context.Context, _ *http.Request, l lang) (view, error) {
	found, err := p.Store.Jobs(ctx, jobLimit)
	if err != nil {
		return view{}, err
	}
	all := make([]jobView, len(found))
	for i := range found {
		all[i] = p.jobView(l, found[i])
	}
	return view{template: "jobs", title: "Jobs", content: all}, nil
}

func (p *pages) job(ctx context.Context, r *http.Request, l lang) (view, error) {
	job, err := p.namedJob(ctx, r)
	if err != nil {
		return view{}, err
	}
	out := view{template: "job", title: "Job", content: p.jobView(l, job)}
	if job.FinishedAt == nil {
		out.refresh = jobEvery
	}
	return out, nil
}
