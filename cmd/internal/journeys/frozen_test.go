package journeys

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ordersync/ordersync/store/servertest"
)

// endsWithin is what a process may take to end while a server does not answer and nothing is in
// flight. The gateway and the pages end at once, asynq's books get ten seconds, a read of the inbox
// fifteen.
const endsWithin = 40 * time.Second

// A worker that was asked to end while Redis was frozen lived on for ever, and was killed in the
// end.
func TestProcessesEndWhileAServerIsFrozen(t *testing.T) {
	if !servertest.Long(t) {
		return
	}
	t.Parallel()
	if !servertest.HasMySQL(t) {
		return // a process of ours has no database then
	}
	for _, frozen := range []string{"redis", "mysql"} {
		t.Run(frozen, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, 2*time.Second)
			if s.redis.IsMiniredis() {
				return // it cannot be frozen
			}
			var all []*running
			for _, command := range []string{"worker", "scheduler", "gateway", "run"} {
				all = append(all, s.begun(command))
			}
			if frozen == "redis" {
				s.redis.Freeze()
				t.Cleanup(s.redis.Thaw)
			} else {
				s.mysql.Freeze()
				t.Cleanup(s.mysql.Thaw)
			}
			for _, r := range all {
				r.ask()
			}
			ctx, cancel := context.WithTimeout(t.Context(), endsWithin)
			defer cancel()
			for i, r := range all {
				select {
				case <-r.ended:
				case <-ctx.Done():
					t.Fatalf(
						"process %d of worker, scheduler, gateway and run lives on:\n%s",
						i,
						r.log.tail(5),
					)
				}
				if r.code < 0 {
					t.Errorf("process %d was ended by a signal", i)
				}
				said := strings.Contains(
					r.log.String(),
					"Redis does not answer, so asynq did not end",
				)
				if works := i == 0 ||
					i == 3; frozen == "redis" && works &&
					(r.code != exitFailed || !said) {
					t.Errorf("process %d: code %d, and it says\n%s", i, r.code, r.log.tail(5))
				}
			}
		})
	}
}

// partsOf names what each command says when a part of it works; `run` says all of it, in any order.
var partsOf = map[string][]string{
	"worker":    {"worker runs"},
	"scheduler": {"scheduler runs"},
	"gateway":   {"gateway listens"},
	"run":       {"worker runs", "scheduler runs", "gateway listens"},
}

// begun starts a command and waits until all its parts work.
func (s *stack) begun(command string) *running {
	s.t.Helper()
	r := s.begin(command)
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	go func() {
		select {
		case <-r.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	for _, part := range partsOf[command] {
		_, err := r.log.await(ctx, func(l logLine) bool { return l.Message == part })
		if err != nil {
			s.t.Fatalf("ordersync %s does not say %q: %v\n%s", command, part, err, r.log.tail(5))
		}
	}
	return r
}
