package worker

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/ordersync/ordersync/douyin"
	"github.com/ordersync/ordersync/store"
)

var (
	diskFull  = &mysql.MySQLError{Number: 1114, Message: "The table 'ordersync_log' is full"}
	noColumn  = &mysql.MySQLError{Number: 1054, Message: "Unknown column 'o.amount' in 'SELECT'"}
	badValue  = &mysql.MySQLError{Number: 1264, Message: "Out of range value"}
	throttled = &douyin.Error{Kind: douyin.Throttled, HTTPStatus: 429}
	outaged   = &douyin.Error{Op: "order.push", Kind: douyin.Unavailable, HTTPStatus: 502}
)

func TestAFaultOfTheSurroundingsCostsNoAttempt(t *testing.T) {
	longest := Backoff{Jitter: func() float64 { return 0.999 }}
	for name, c := range map[string]struct {
		err   error
		sick  bool
		spare bool // no attempt
	}{
		"throttled":                            {throttled, false, true},
		"the token is refused":                 {&douyin.Error{Kind: douyin.Unauthorized, Code: 40002}, false, true},
		"Redis fails the token":                {&douyin.Error{Op: douyin.OpTokenCache, Kind: douyin.Unavailable}, false, true},
		"disk full":                            {fmt.Errorf("record: %w", diskFull), false, true},
		"no such column":                       {noColumn, false, true},
		"the server has gone away":             {driver.ErrBadConn, false, true},
		"a row is locked":                      {&mysql.MySQLError{Number: 1205}, false, true},
		"no time":                              {context.DeadlineExceeded, false, true},
		"Douyin is down, breaker open":         {outaged, true, true},
		"Douyin is down for this one":          {outaged, false, false},
		"a value that the database refuses":    {badValue, false, false},
		"an order that is not there":           {store.ErrOrderNotFound, true, false},
		"a code that nobody knows":             {&douyin.Error{Kind: douyin.Unavailable, HTTPStatus: 200, Code: 77}, true, false},
		"refused":                              {&douyin.Error{Kind: douyin.Rejected}, true, false},
		"panic":                                {&panicError{value: "x"}, false, false},
		"something that nobody has thought of": {errors.New("x"), false, false},
	} {
		for _, a := range []attempt{{1, false}, {9, false}, {13, true}} {
			v := judgePush(c.err, a, c.sick)
			if spared := Postponed(v.tell); spared != c.spare {
				t.Errorf("%s, attempt %d: costs no attempt: %v, want %v", name, a.number, spared, c.spare)
			}
			if !c.spare {
				continue
			}
			if v.outcome != store.Retrying || v.within > 30*time.Second {
				t.Errorf("%s: %s, the sweep within %v", name, v.outcome, v.within)
			}
			if wait := longest.Delay(a.number, v.tell, nil); wait > 12*time.Second {
				t.Errorf("%s, attempt %d: sleeps for %v", name, a.number, wait)
			}
		}
	}
}

func TestAfterAnAnswerThatSpeaksOfDouyinNobodySleepsLong(t *testing.T) {
	longest := Backoff{Jitter: func() float64 { return 0.999 }}
	for n := range 12 {
		v := judgePush(outaged, attempt{number: n + 1}, false)
		if wait := longest.Delay(n, v.tell, nil); wait > outageWait || v.within > backWithin {
			t.Errorf("attempt %d: sleeps for %v, the sweep within %v", n+1, wait, v.within)
		}
	}
}

func TestAResultThatCouldNotBeWrittenIsOwed(t *testing.T) {
	m, d := &memory{s: testSnapshot()}, &douyinFake{}
	down := true
	m.fail = func(store.Push) error {
		if down {
			return diskFull
		}
		return nil
	}
	h := newPush(m, d)
	if err := h.ProcessTask(t.Context(), pushTask(t)); !Postponed(err) {
		t.Fatalf("%v", err)
	}
	if err := h.ProcessTask(t.Context(), pushTask(t)); !Postponed(err) {
		t.Fatalf("%v", err)
	}
	down = false
	if err := h.ProcessTask(t.Context(), pushTask(t)); err != nil || len(d.pushes) != 1 || m.s.State.Open != 0 {
		t.Errorf("when the disk has room again: %v, %d calls, %d attempts open", err, len(d.pushes), m.s.State.Open)
	}
}

func TestAnUnwellDatabaseIsTriedByOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []error
		s := &Shelter{OnState: func(err error) { told = append(told, err) }}
		for range unwellAfter {
			enterShelter(t, s)(diskFull)
		}
		if !s.Unwell() {
			t.Fatal("the database fails everybody, and they go on")
		}
		start := time.Now()
		leave := enterShelter(t, s)
		if waited := time.Since(start); waited != probeEvery {
			t.Errorf("the first probe after %v", waited)
		}
		parked := make(chan error, 20)
		for range cap(parked) {
			go func() {
				leave, err := s.Enter(t.Context())
				if err == nil {
					leave(nil)
				}
				parked <- err
			}()
		}
		synctest.Wait()
		if len(parked) != 0 {
			t.Errorf("%d others tried too", len(parked))
		}
		leave(nil)
		well := time.Now()
		for range cap(parked) {
			if err := <-parked; err != nil {
				t.Errorf("parked when it got well: %v", err)
			}
		}
		if took := time.Since(well); took != 0 {
			t.Errorf("they went on %v later", took)
		}
		if len(told) != 2 || !errors.Is(told[0], diskFull) || told[1] != nil {
			t.Errorf("told %v", told)
		}
	})
}

func TestWhoWaitsTooLongInTheShelterGoesBackWithoutAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Shelter{}
		for range unwellAfter {
			enterShelter(t, s)(noColumn)
		}
		hanging := enterShelter(t, s) // a probe that does not end
		start := time.Now()
		_, err := s.Enter(t.Context())
		v := held(err)
		if took := time.Since(start); err == nil || took != shelterPatience || !Postponed(v.tell) || waitOf(v.tell) != parkedWait {
			t.Errorf("after %v: %v", took, err)
		}
		enterShelter(t, s)(noColumn) // another one tries
		if took := time.Since(start); took > probePatience {
			t.Errorf("a probe that hangs kept others from trying for %v", took)
		}
		hanging(context.DeadlineExceeded)
		if !s.Unwell() {
			t.Error("a call that ran out of time says nothing")
		}
	})
}

func enterShelter(t *testing.T, s *Shelter) func(error) {
	t.Helper()
	leave, err := s.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

func TestARowThatTheDatabaseRefusesKeepsNobodyFromIt(t *testing.T) {
	s := &Shelter{}
	for range 10 {
		enterShelter(t, s)(badValue)
	}
	if s.Unwell() {
		t.Error("a bad value is taken for an unwell database")
	}
}
