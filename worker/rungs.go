package worker

import "time"

// The rungs of the ladder of timeouts that stand in this room. Whoever puts the process together
// holds them against the others.
const (
	// PassCalls are the calls of one pass at most: the push, a fresh token, the push again.
	PassCalls = 3
	// PassStatements bounds the statements of a pass, beside its calls.
	PassStatements = 5 * time.Second
	// RecordTimeout bounds writing the result; it runs on when the task's own time is over, because
	// Douyin has been called.
	RecordTimeout = 10 * time.Second

	recordTimeout = RecordTimeout
)

// PassTimeout bounds announcing an attempt and its calls, where one call may take so long.
func PassTimeout(call time.Duration) time.Duration { return PassStatements + PassCalls*call }
