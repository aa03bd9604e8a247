package gateway

import (
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// floodEvery is how often a flood is told of.
const floodEvery = 10 * time.Second

// Flood thins out the log lines of which strangers can cause as many as they like: of each kind the
// first is written, and while more come, one line in ten seconds says how many were left out. Its
// fields may not be changed after its first use.
type Flood struct {
	Log zerolog.Logger
	// After calls f once d has passed. nil: time.AfterFunc.
	After func(d time.Duration, f func())

	mu   sync.Mutex
	open map[string]int // kind -> lines left out since it was last told of
}

// Admit tells whether a line of a kind is to be written. There must be few kinds: each is
// remembered while it goes on.
func (f *Flood) Admit(kind string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, flooded := f.open[kind]; flooded {
		f.open[kind]++
		return false
	}
	if f.open == nil {
		f.open = map[string]int{}
	}
	f.open[kind] = 0
	f.watch(kind)
	return true
}

func (f *Flood) watch(kind string) {
	after := f.After
	if after == nil {
		after = func(d time.Duration, g func()) { time.AfterFunc(d, g) }
	}
	after(floodEvery, func() { f.tell(kind) })
}

// tell says how many lines were left out, and ends the watch when there was none.
func (f *Flood) tell(kind string) {
	f.mu.Lock()
	n := f.open[kind]
	if n == 0 {
		delete(f.open, kind)
	} else {
		f.open[kind] = 0
		f.watch(kind)
	}
	f.mu.Unlock()
	if n > 0 {
		f.Log.Warn().Str("lines", kind).Int("left_out", n).Dur("within", floodEvery).Msg("a flood: lines were left out")
	}
}
