package worker

import "github.com/ordersync/ordersync/douyin"

// Kinds are the words that Attempt.Kind may have beside the empty one, so that a metric has them all from its first scrape.
func Kinds() []string {
	kinds := []string{kindPayload, kindIncomplete, kindNotFound, kindNoWord, kindDatabase, kindPanic}
	for k := douyin.Unavailable; k <= douyin.Paused; k++ {
		kinds = append(kinds, k.String())
	}
	return kinds
}
