package queuedoctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// Fault is a kind of damage, as Report counts it.
type Fault string

// The faults: see the package comment.
const (
	Ghost       Fault = "ghost"
	Unleased    Fault = "unleased"
	Undecodable Fault = "undecodable"
	Misfiled    Fault = "misfiled"
	Overfull    Fault = "overfull"
)

// Faults are all of them: a metric has a value for each from its first scrape.
func Faults() []Fault { return []Fault{Ghost, Unleased, Undecodable, Misfiled, Overfull} }

// Quarantine is the hash that holds undecodable messages: "<queue>/<task id>" -> the message's
// bytes.
const Quarantine = "ordersync:quarantine"

const (
	// page is how many ids of one list one check reads; a longer list is read on by the next
	// checks, in turn.
	page = 500
	// maxArchived is where trimming begins, safeArchived where it ends: far below the 8,000 at
	// which asynq's own trimming can break, and below the 10,000 at which it begins.
	maxArchived, safeArchived = 5_000, 4_000
	// trimStep bounds one script and trimSteps one check: 500 deletions take about a millisecond.
	trimStep, trimSteps = 500, 10
	// maxQuarantine bounds the hash. Beyond it undecodable messages are only reported.
	maxQuarantine = 10_000
)

// Count is what one check found of a fault. Found less Repaired is for a person, or for the next
// check.
type Count struct{ Found, Repaired int }

// Place is where faults are counted.
type Place struct {
	Queue string // asynq's
	Fault Fault
}

// Report is the outcome of one check: places without a fault are left out.
type Report map[Place]Count

func (r Report) add(queue string, f Fault, found, repaired int) {
	if found == 0 && repaired == 0 {
		return
	}
	c := r[Place{queue, f}]
	r[Place{queue, f}] = Count{c.Found + found, c.Repaired + repaired}
}

// Doctor checks the queues. Not safe for concurrent use; any number of processes may have one each.
type Doctor struct {
	Redis  redis.UniversalClient
	Queues []string         // tasks.Queues()
	Now    func() time.Time // when a lease ends that an active task lacked: at once
	Log    zerolog.Logger
	// Observe is told of every check, by Tick. Nil: nobody.
	Observe func(Report)

	next     map[string]int64     // key of a list -> rank where the next check reads on
	suspects map[suspect]struct{} // seen once, by the check before
}

// suspect is a fault that was seen once.
type suspect struct {
	queue string
	list  list
	id    string
	fault Fault
}

// Tick checks once and writes a line when something was found. It implements scheduler.Job.Do.
func (d *Doctor) Tick(ctx context.Context) (more bool, err error) {
	report, err := d.Check(ctx)
	for at, c := range report {
		d.Log.Warn().Str("queue", at.Queue).Str("fault", string(at.Fault)).Int("found", c.Found).Int("repaired", c.Repaired).
			Msg("asynq's keys are damaged")
	}
	if d.Observe != nil {
		d.Observe(report)
	}
	return false, err
}

// Check reads a page of every list, repairs what the check before suspected and this one finds
// again, and reports. A ghost or a missing lease is counted when it is repaired, for most
// suspicions are tasks on their way. The report holds what was found before an error; a queue that
// fails does not keep the others from being checked.
func (d *Doctor) Check(ctx context.Context) (Report, error) {
	if d.next == nil {
		d.next = map[string]int64{}
	}
	report, before := Report{}, d.suspects
	d.suspects = map[suspect]struct{}{}
	var all []error
	for s := range before {
		if err := d.confirm(ctx, s, report); err != nil {
			all = append(all, fmt.Errorf("queue %s: %s: %w", s.queue, s.fault, err))
			break // Redis is away, most likely: the checks below tell
		}
	}
	for _, queue := range d.Queues {
		if err := d.checkQueue(ctx, queue, report); err != nil {
			all = append(all, fmt.Errorf("queue %s: %w", queue, err))
		}
	}
	if len(all) > 0 {
		return report, fmt.Errorf("queue doctor: %w", errors.Join(all...))
	}
	return report, nil
}

func (d *Doctor) checkQueue(ctx context.Context, queue string, report Report) error {
	for _, l := range lists {
		found, err := d.read(ctx, queue, l)
		if err != nil {
			return fmt.Errorf("read %s: %w", l.name, err)
		}
		for _, t := range found {
			if err := d.look(ctx, queue, l, t, report); err != nil {
				return err
			}
		}
	}
	return d.trim(ctx, queue, report)
}

// look judges one task.
func (d *Doctor) look(ctx context.Context, queue string, l list, t task, report Report) error {
	if !t.there {
		d.suspects[suspect{queue, l, t.id, Ghost}] = struct{}{}
		return nil
	}
	switch id, in, err := decode(t.message); {
	case err != nil:
		moved, err := d.quarantine(ctx, queue, t)
		if err != nil {
			return fmt.Errorf("quarantine: %w", err)
		}
		report.add(queue, Undecodable, 1, moved)
		return nil
	case id != t.id || in != queue:
		report.add(queue, Misfiled, 1, 0)
	}
	if !t.leased {
		d.suspects[suspect{queue, l, t.id, Unleased}] = struct{}{}
	}
	return nil
}

// confirm repairs a suspect that is as it was, and counts it then.
func (d *Doctor) confirm(ctx context.Context, s suspect, report Report) error {
	var n int
	var err error
	if s.fault == Ghost {
		n, err = d.removeGhost(ctx, s)
	} else {
		n, err = d.giveLease(ctx, s)
	}
	report.add(s.queue, s.fault, n, n)
	return err
}
