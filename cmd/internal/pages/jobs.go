package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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

// jobView is a job for a reader.
type jobView struct {
	store.Job
	What    string
	Percent int
	Link    string
	More    bool // there are more than Total rows
}

var jobActs = map[store.JobAct]string{store.JobPush: "Push orders again", store.JobAcknowledge: "Acknowledge alarms"}

func (l lang) job(j store.Job) jobView {
	v := jobView{Job: j, What: l.T(jobActs[j.Act]), Link: jobLink(j.ID), More: j.Total >= store.CountLimit}
	switch {
	case j.FinishedAt != nil:
		v.Percent = 100
	case j.Total > 0:
		v.Percent = int(min(j.Looked*100/j.Total, 99))
	}
	if j.Act == store.JobAcknowledge {
		v.What += ": " + l.alarmMeaning(j.Filter.Alarm).Title
	} else if f := j.Filter.Failures; f.Kind != "" {
		code := 0
		if f.Code != nil {
			code = *f.Code
		}
		v.What += ": " + strings.TrimSpace(l.failureMeaning(f.Kind, code).Title+" "+f.Cause)
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
		all[i] = l.job(found[i])
	}
	return view{template: "jobs", title: "Jobs", content: all}, nil
}

func (p *pages) job(ctx context.Context, r *http.Request, l lang) (view, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return view{}, errBadAddress
	}
	job, err := p.Store.Job(ctx, id)
	switch {
	case errors.Is(err, store.ErrNoJob):
		return view{}, errNoPage
	case err != nil:
		return view{}, err
	}
	out := view{template: "job", title: "Job", content: l.job(job)}
	if job.FinishedAt == nil {
		out.refresh = jobEvery
	}
	return out, nil
}

// beginJob writes down what is asked for of a whole filter, and leads to its progress.
func (p *pages) beginJob(ctx context.Context, r *http.Request, _ lang) (view, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return view{}, errBadForm
	}
	act, filter, err := p.jobOf(r.PostForm)
	if err != nil {
		return view{}, err
	}
	who, _ := admin.SignedIn(ctx)
	job, err := p.Store.BeginJob(ctx, act, filter, who.Name)
	if err != nil {
		return view{}, err
	}
	said := store.Act{Act: store.ActJob, Subject: string(act), Number: strconv.FormatInt(job.ID, 10), Orders: job.Total}
	if said.Detail = filter.Alarm; act == store.JobPush {
		said.Detail = strings.Join(slices.DeleteFunc([]string{filter.Failures.Kind, filter.Failures.Cause, filter.Failures.Text}, isEmpty), ", ")
	}
	p.audit(ctx, "job").Int64("job", job.ID).Str("act", string(act)).Str("about", said.Detail).Msg("admin")
	p.record(ctx, said)
	p.Jobs.hurry(job)
	return view{}, redirect(jobLink(job.ID))
}

func (p *pages) jobOf(in url.Values) (act store.JobAct, f store.JobFilter, err error) {
	switch act = store.JobAct(in.Get("act")); act {
	case store.JobPush:
		form, err := p.readFilter(in)
		if err != nil {
			return act, f, errBadForm
		}
		f.Failures = form.failures()
		return act, f, nil
	case store.JobAcknowledge:
		f.Table, f.Alarm, f.Note = store.AlarmTable(in.Get("table")), in.Get("alarm"), strings.TrimSpace(in.Get("note"))
		switch {
		case !slices.Contains(store.AlarmTables(), f.Table) || f.Alarm == "":
			return act, f, errBadForm
		case len(f.Note) > maxNote:
			return act, f, errLongNote
		}
		return act, f, nil
	default:
		return act, f, errBadForm
	}
}
