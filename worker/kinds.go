package worker

import "github.com/ordersync/ordersync/douyin"

// Kinds are the words that Attempt.Kind may have beside the empty one, so that a metric has them
// all from its first scrape.
func Kinds() []string {
	kinds := []string{kindPayload, kindIncomplete, kindNotFound, kindNoWord, kindDatabase, kindPanic}
	for k := douyin.Unavailable; k <= douyin.Paused; k++ {
		kinds = append(kinds, k.String())
	}
	return kinds
}

// Postponed tells of an error of a handler that it is none: nothing was asked of Douyin, and the
// task comes back without having used up an attempt.
func Postponed(err error) bool { return err != nil && !isFailure(err) }
