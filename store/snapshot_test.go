package store

import "testing"

// What Douyin holds is known after a push that succeeded, for as long as no other one has begun.
func TestToldIsWhatDouyinHoldsForCertain(t *testing.T) {
	for name, c := range map[string]struct {
		state  OrderState
		status int
		known  bool
	}{
		"never pushed":               {OrderState{}, 0, false},
		"pushed":                     {OrderState{Seq: 1, Status: 2, Digest: "d"}, 2, true},
		"another attempt has begun":  {OrderState{Seq: 2, Open: 1, Status: 2, Digest: "d"}, 0, false},
		"the newest attempt failed":  {OrderState{Seq: 2, Status: 2}, 0, false},
		"pushed, then not wanted":    {OrderState{Seq: 1, Status: 1, Digest: "d", Outcome: Ignored}, 1, true},
		"asked for again, not begun": {OrderState{Seq: 1, Status: 1, Digest: "d", Outcome: Pending}, 1, true},
	} {
		if status, known := c.state.Told(); status != c.status || known != c.known {
			t.Errorf("%s: %d, %v; want %d, %v", name, status, known, c.status, c.known)
		}
		if c.state.Holds("") || c.state.Holds("d") != c.known {
			t.Errorf("%s: Holds says something else", name)
		}
	}
}
