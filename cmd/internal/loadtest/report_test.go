package loadtest

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestARatioIsTheMedianOfTheRoundsOwn(t *testing.T) {
	// The machine slows down to a half for the second round: each round's own ratio says the same.
	r := &test{rates: map[string][]float64{modePipeline: {800, 400, 900, 700}, modeCall: {1000, 500, 1000, 1000}}}
	if got := r.ratio(modePipeline, modeCall); !near(got, 0.8) {
		t.Errorf("got %v, want 0.8", got)
	}
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median %v", got)
	}
}

func TestWhatTheProcessorsAllowCountsWhereItIsLessThanTheHandlers(t *testing.T) {
	for name, c := range map[string]struct {
		rate, busy, all, ratio float64
	}{
		"handlers":          {1900, 0.50, 3800, 0.95}, // 200 of them make 2000 at most
		"processors":        {900, 0.75, 1200, 0.75},
		"it is not told":    {900, 0, 0, 0},
		"nothing is wasted": {1500, 1, 1500, 1},
	} {
		r := &test{rates: map[string][]float64{modePipeline: {c.rate}}, busy: map[string][]float64{modePipeline: {c.busy}}}
		if all, ratio := r.processorBound(2000); !near(all, c.all) || !near(ratio, c.ratio) {
			t.Errorf("%s: %v and %v, want %v and %v", name, all, ratio, c.all, c.ratio)
		}
	}
}

func TestBusyIsWhatWasNotIdleMeanwhile(t *testing.T) {
	before, after := processors{idle: 100, all: 1000}, processors{idle: 125, all: 1100}
	if got := after.busySince(before); !near(got, 0.75) {
		t.Errorf("got %v, want 0.75", got)
	}
	if got := before.busySince(before); got != 0 {
		t.Errorf("got %v where nothing is known", got)
	}
}
