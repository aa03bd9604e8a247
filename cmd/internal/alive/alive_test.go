package alive_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ordersync/ordersync/cmd/internal/alive"
	"github.com/ordersync/ordersync/store/servertest"
)

func read(t *testing.T, rdb *redis.Client) []alive.Process {
	t.Helper()
	all, err := alive.Read(t.Context(), rdb)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// until looks again and again; a sign of life is given in another goroutine.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal(what)
		}
	}
}

func TestAProcessLivesUntilItEndsInGoodOrder(t *testing.T) {
	rdb := servertest.Redis(t)
	ctx, stop := context.WithCancel(t.Context())
	described := alive.Process{
		ID: "host-1-2", Host: "host", PID: 1, Roles: []string{alive.Worker}, Version: "v1", Started: time.Unix(1_700_000_000, 0).UTC(),
		Breakers: map[string]string{"pushes": "open"},
	}
	beat := &alive.Beat{Redis: rdb, Describe: func() alive.Process { return described }}
	ended := make(chan struct{})
	go func() { defer close(ended); beat.Run(ctx) }()
	until(t, "no sign of life", func() bool { return len(read(t, rdb)) == 1 })
	p := read(t, rdb)[0]
	if !p.Alive() || !p.Has(alive.Worker) || p.Has(alive.Gateway) || p.ID != described.ID || p.Version != "v1" || p.Breakers["pushes"] != "open" || !p.Started.Equal(described.Started) {
		t.Errorf("%+v", p)
	}
	stop()
	<-ended
	if all := read(t, rdb); len(all) != 0 {
		t.Errorf("it has ended and lives: %+v", all)
	}
}

// What a killed process left behind is seen as dead, and swept away after a day by those who live.
func TestAKilledProcessIsDeadAndThenForgotten(t *testing.T) {
	rdb := servertest.Redis(t)
	now, err := rdb.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	for id, age := range map[string]time.Duration{"killed": time.Minute, "old": 25 * time.Hour} {
		value := strconvMS(now.Add(-age)) + ` {"roles":["scheduler"],"version":"v0"}`
		if err := rdb.HSet(t.Context(), alive.Key, id, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rdb.HSet(t.Context(), alive.Key, "foreign", "nonsense").Err(); err != nil {
		t.Fatal(err)
	}
	all := read(t, rdb)
	if len(all) != 2 || all[0].ID != "killed" || all[0].Alive() || all[0].Age < time.Minute || all[0].Age > 2*time.Minute {
		t.Fatalf("%+v", all)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	beat := &alive.Beat{Redis: rdb, Describe: func() alive.Process {
		return alive.Process{ID: "living", Roles: []string{alive.Gateway}}
	}}
	go func() { defer close(ended); beat.Run(ctx) }()
	until(t, "the old one stays", func() bool {
		all := read(t, rdb)
		return len(all) == 2 && all[0].ID == "living" && all[1].ID == "killed"
	})
	stop()
	<-ended
	if n := rdb.HLen(t.Context(), alive.Key).Val(); n != 1 { // the killed one alone
		t.Errorf("%d fields", n)
	}
}

func strconvMS(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
