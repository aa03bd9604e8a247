package backfill

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ordersync/ordersync/cmd/internal/lang"
	"github.com/ordersync/ordersync/store"
)

func TestPlainWritesALineNowAndThen(t *testing.T) {
	at := time.Unix(0, 0)
	var out bytes.Buffer
	p := NewPlain(&out, lang.English, func() time.Time { return at }, Ahead{Before: store.BackfillTally{Found: 1000, Enqueued: 1000}, Left: 500, Exact: true})
	for range 30 {
		at = at.Add(time.Second)
		if p.tally.Enqueued++; p.tally.Enqueued > 1020 {
			p.Note("waits: 40 live orders go first")
			continue
		}
		p.tally.Found++
		p.Show(p.tally)
	}
	const want = "    10s  of 1500 found 1010: enqueued 1010, held by Douyin already 0, under way already 0, left out 0; 1.0 enqueued a second, 8m10s left\n" +
		"    20s  of 1500 found 1020: enqueued 1020, held by Douyin already 0, under way already 0, left out 0; 1.0 enqueued a second, 8m0s left\n" +
		"    30s  of 1500 found 1020: enqueued 1030, held by Douyin already 0, under way already 0, left out 0; 1.0 enqueued a second, 12m0s left; waits: 40 live orders go first\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}

func TestAnEstimateSaysAbout(t *testing.T) {
	if got := (Ahead{Before: store.BackfillTally{Found: 1000}, Left: 120_000}).whole(lang.English); got != "about 121000" {
		t.Errorf("got %q", got)
	}
}

func TestTheBarShowsHowFarItIsAndWhyItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := NewBar(&out, lang.English, Ahead{Before: store.BackfillTally{Found: 1000}, Left: 400})
		shown := func() (last string) {
			<-time.After(time.Second) // on the bubble's clock: until the bar has been drawn
			synctest.Wait()
			defer out.Reset()
			return out.String()
		}
		b.Show(store.BackfillTally{Found: 1100})
		if got := shown(); !strings.Contains(got, "backfill") || !strings.Contains(got, "25.00%") || !strings.Contains(got, "ETA") || !strings.Contains(got, "/s") {
			t.Errorf("at a quarter: %q", got)
		}
		b.Note("waits: 40 live orders go first")
		if got := shown(); !strings.Contains(got, "waits: 40 live orders go first") {
			t.Errorf("while it waits: %q", got)
		}
		b.Note("")
		b.Show(store.BackfillTally{Found: 1600}) // more than was estimated
		if got := shown(); !strings.Contains(got, "600/600") && !strings.Contains(got, "[600 ") {
			t.Errorf("beyond its estimate: %q", got)
		}
		b.Stop(true)
		if got := out.String(); !strings.Contains(got, "done!") {
			t.Errorf("in the end: %q", got)
		}
	})
}
