package probe

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"github.com/ordersync/ordersync/store"
)

// How often Redis and MySQL are asked at most, however often somebody wants to know, and how long
// they have. A bad answer is looked at again sooner.
const (
	goodFor = 5 * time.Second
	badFor  = time.Second
	patient = 1500 * time.Millisecond // below the 2 s that /readyz takes at most
)

// Error is a server that does not do what is needed. Its text begins with What.
type Error struct {
	What string // "redis" or "mysql"
	Says string // "does not answer", "refuses writes"
	Err  error
}

func (e *Error) Error() string { return e.What + ": " + e.Says + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// NotReadyError is all that is not as it is needed, in the order of the servers' names. There is at
// least one.
type NotReadyError struct{ Parts []*Error }

func (e *NotReadyError) Error() string {
	said := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		said[i] = p.Error()
	}
	return strings.Join(said, "; ")
}

// Unwrap lets errors.As find the first *Error.
func (e *NotReadyError) Unwrap() []error {
	all := make([]error, len(e.Parts))
	for i, p := range e.Parts {
		all[i] = p
	}
	return all
}

// Missing says of each server what it does not do. It names no host, so everybody may read it.
func (e *NotReadyError) Missing() []string {
	said := make([]string, len(e.Parts))
	for i, p := range e.Parts {
		said[i] = p.What + " " + p.Says
	}
	return said
}

// Ready tells whether Redis and MySQL take what is written. Make one per process.
type Ready struct {
	Redis func(context.Context) error
	MySQL func(context.Context) error
	Now   func() time.Time

	flight singleflight.Group
	mu     sync.Mutex
	until  time.Time
	err    error
}

// Check answers nil or a *NotReadyError. What was found a few seconds ago is not asked again; callers at
// the same time share one question, which ends by itself when they have gone.
func (r *Ready) Check(ctx context.Context) error {
	if err, fresh := r.fresh(); fresh {
		return err
	}
	flight := r.flight.DoChan("ready", func() (any, error) {
		if err, fresh := r.fresh(); fresh {
			return nil, err
		}
		return nil, r.ask(context.WithoutCancel(ctx))
	})
	select {
	case shared := <-flight:
		return shared.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Ready) fresh() (err error, fresh bool) { //nolint:revive // the error is what is known
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err, r.Now().Before(r.until)
}

// ask asks both at once. A server that answers nothing is given up: neither driver can be made to
// heed a context everywhere.
func (r *Ready) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	ends := make(chan *Error, 2) // nobody has to read it
	for what, probe := range map[string]func(context.Context) error{"redis": r.Redis, "mysql": r.MySQL} {
		go func() { ends <- judge(what, probe(ctx)) }()
	}
	missing := map[string]bool{"redis": true, "mysql": true}
	var bad []*Error
	for len(missing) > 0 {
		select {
		case a := <-ends:
			if a.Err != nil {
				bad = append(bad, a)
			}
			delete(missing, a.What)
		case <-ctx.Done():
			for what := range missing {
				bad = append(bad, &Error{what, "does not answer", ctx.Err()})
			}
			clear(missing)
		}
	}
	slices.SortFunc(bad, func(a, b *Error) int { return strings.Compare(a.What, b.What) })
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(bad) == 0 {
		r.err, r.until = nil, r.Now().Add(goodFor)
		return nil
	}
	r.err, r.until = &NotReadyError{bad}, r.Now().Add(badFor)
	return r.err
}

// noWay are MySQL's answers to somebody who cannot even come in: too many connections, access
// denied, no such database.
var noWay = map[uint16]bool{1040: true, 1044: true, 1045: true, 1049: true, 1203: true}

// judge tells an answer that refuses from none.
func judge(what string, err error) *Error {
	var tables *store.TablesError
	var refused *store.RefusedError
	var byMySQL *mysql.MySQLError
	var byRedis redis.Error
	says := "does not answer"
	switch {
	case errors.As(err, &tables):
		says = "lacks our tables"
	case errors.As(err, &refused),
		errors.As(err, &byRedis),
		errors.As(err, &byMySQL) && !noWay[byMySQL.Number]:
		says = "refuses writes"
	}
	return &Error{what, says, err}
}
