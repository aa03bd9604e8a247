package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/ordersync/ordersync/cmd/internal/assembly"
	"github.com/ordersync/ordersync/configs"
	"github.com/ordersync/ordersync/store/servertest"
	"github.com/ordersync/ordersync/tasks"
)

func TestABackfillNamesTheFlagThatCannotBeUsed(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour).Format(time.DateOnly)
	for args, want := range map[string]string{
		"--to 2026-01-02":                                           "--from: is required",
		"--from 2026-01-02":                                         "--to: is required",
		"--from 2.1.2026 --to 2026-01-02":                           `--from: want 2026-01-02T15:04:05+08:00, 2026-01-02 15:04:05 or 2026-01-02, found "2.1.2026"`,
		"--from 2026-01-01 --to 2026-02-30":                         `--to: want 2026-01-02T15:04:05+08:00`,
		"--from 2026-01-01T00:00:00.5Z --to 2026-01-02":             "--from: want",
		"--from 2026-01-02 --to 2026-01-02":                         "--from, --to: want a range, found 2026-01-02T00:00:00Z to 2026-01-02T00:00:00Z",
		"--from 2026-01-02T08:00:00+08:00 --to 2026-01-02":          "--from, --to: want a range",
		"--from 2026-01-01 --to " + tomorrow + "T00:00:00Z":         "--to: " + tomorrow + "T00:00:00Z is in the future",
		"--from 2026-01-01 --to 2026-01-02 --rate 0":                "--rate: want orders per second, above 0, found 0",
		"--from 2026-01-01 --to 2026-01-02 --rate -1":               "--rate: want orders per second, above 0, found -1",
		"--from 2026-01-01 --to 2026-01-02 --rate NaN":              "--rate: want orders per second, above 0, found NaN",
		"--from 2026-01-01 --to 2026-01-02 --rate Inf":              "--rate: want orders per second, above 0, found +Inf",
		"--from 2026-01-01 --to 2026-01-02 --rate quick":            `invalid argument "quick" for "--rate"`,
		"--from 2026-01-01 --to 2026-01-02 1001":                    `takes no argument, found "1001"`,
		"--from 2026-01-01 --to 2026-01-02 --log-format nonsense":   "--log-format: want json or console",
		"--from 2026-01-01 --to 2026-01-02 --rate 1 --config /none": "config file: cannot be read",
	} {
		code, out, errOut := command(t, secrets, nil, append([]string{"backfill"}, strings.Fields(args)...)...)
		if code != exitUsage || out != "" || strings.Count(errOut, "\n") != 1 || !strings.Contains(errOut, want) {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want code 2 and one line with %q", args, code, out, errOut, want)
		}
	}
}

func TestTimesOfABackfillAreInTheShopsZone(t *testing.T) {
	zone := time.FixedZone("", 8*60*60)
	for text, want := range map[string]string{
		"2026-01-02":                "2026-01-02T00:00:00+08:00",
		"2026-01-02 15:04:05":       "2026-01-02T15:04:05+08:00",
		"2026-01-02T15:04:05Z":      "2026-01-02T23:04:05+08:00",
		"2026-01-02T15:04:05+08:00": "2026-01-02T15:04:05+08:00",
	} {
		if got, err := parseMoment(text, zone); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s is %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestABackfillFromTheFirstRunToTheSecond(t *testing.T) {
	options := shop(t) // with order 7, of 2023-11-14 22:13:20 UTC, which is the 15th in Shanghai
	environ := append(secrets[1:len(secrets):len(secrets)], "ORDERSYNC_MYSQL__DSN=user:"+canary+"@tcp(127.0.0.1:1)/shop?loc=Asia%2FShanghai")
	if code, out, errOut := command(t, environ, options, "backfill", "--from", "2023-11-15", "--to", "2023-11-16"); code != exitFailed || out != "" || !strings.Contains(errOut, "ordersync migrate") {
		t.Errorf("before migrate: code %d, stdout %q, stderr %q; want a failure that names migrate", code, out, errOut)
	}
	command(t, environ, options, "migrate")

	const head = "backfill: orders created from 2023-11-15 00:00:00 +0800 to 2023-11-16 00:00:00 +0800 (not included), run "
	const tally = "found 1: enqueued 1, held by Douyin already 0, under way already 0, left out 0"
	code, out, errOut := command(t, environ, options, "backfill", "--from", "2023-11-15", "--to", "2023-11-16", "--rate", "5")
	if code != exitDone || errOut != "" || !strings.HasPrefix(out, head+"1, at most 5 a second\n"+tally+"; ") || !strings.Contains(out, "\nfinished: everything is in its queue") {
		t.Errorf("the first run: code %d, stderr %q\n%s", code, errOut, out)
	}
	code, out, _ = command(t, environ, options, "backfill", "--from", "2023-11-15", "--to", "2023-11-16")
	if code != exitDone || !strings.HasPrefix(out, head+"1, at most 20 a second\nfinished at 20") || !strings.HasSuffix(out, "; "+tally+"\nonce more from the beginning: the same command with --again\n") {
		t.Errorf("the same command: code %d\n%s", code, out)
	}
	code, out, _ = command(t, environ, options, "backfill", "--from", "2023-11-15", "--to", "2023-11-16", "--again")
	if code != exitDone || !strings.HasPrefix(out, head+"2, at most 20 a second\n"+tally+"; ") {
		t.Errorf("again: code %d\n%s", code, out)
	}
	code, out, _ = command(t, environ, options, "backfill", "--from", "2023-11-14", "--to", "2023-11-15")
	if code != exitDone || !strings.Contains(out, "\nfound 0: enqueued 0,") {
		t.Errorf("the day before: code %d\n%s", code, out)
	}
	inspector, err := assembly.New(configs.Default(), zerolog.Nop(), options...).Inspector()
	if err != nil {
		t.Fatal(err)
	}
	pending, err := inspector.ListPendingTasks(tasks.QueueBackfill)
	var ids []string
	for _, p := range pending {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	want := []string{"push:7:backfill-20231114T160000Z-20231115T160000Z-1", "push:7:backfill-20231114T160000Z-20231115T160000Z-2"}
	if err != nil || !slices.Equal(ids, want) {
		t.Errorf("tasks %v, %v; want one for each run: %v", ids, err, want)
	}
}

func TestABackfillWantsItsIndex(t *testing.T) {
	db, rdb := servertest.DB(t), servertest.Redis(t)
	servertest.CreateShop(t, db)
	drop := "DROP INDEX create_time ON `order`"
	if db.Name() == "sqlite" {
		drop = "DROP INDEX order_create_time"
	}
	if err := db.Exec(drop).Error; err != nil {
		t.Fatal(err)
	}
	options := []assembly.Option{assembly.WithDB(db), assembly.WithRedis(rdb)}
	command(t, secrets, options, "migrate")
	code, _, errOut := command(t, secrets, options, "backfill", "--from", "2023-11-15", "--to", "2023-11-16")
	if code != exitFailed || !strings.Contains(errOut, "Cure: CREATE INDEX create_time ON `order` (`create_time`)") {
		t.Errorf("code %d, stderr %q; want the statement that makes the index", code, errOut)
	}
}
