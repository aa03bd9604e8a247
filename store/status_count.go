package store

import (
	"context"
	"slices"
	"time"
)

// StatusCounts are orders whose status has no word of Douyin's.
type StatusCounts struct {
	// Unworded counts orders by the shop's own value. "" is NULL, or an empty text, in the status
	// column of a shop that Tables and Columns describe; a SELECT that answers NULL means an order
	// that is not Douyin's business, and those are not counted.
	Unworded map[string]int64
	// Worded counts the others in the same way.
	Worded map[string]int64
	Read   int  // rows read, also those that Schema.Filter leaves out
	Whole  bool // no other order was created since the time that was asked for: the numbers are exact
}

// Orders is how many orders Unworded counts.
func (c StatusCounts) Orders() (n int64) {
	for _, orders := range c.Unworded {
		n += orders
	}
	return n
}

// UnwordedStatuses counts the orders whose status is none of words: they are never pushed. It reads
// the newest `most` orders by create_time, none of them created before since (zero: however old),
// through the index on create_time. words nil: the shop has no status, and nothing is read.
func (s *Store) UnwordedStatuses(ctx context.Context, words []string, since time.Time, most int) (StatusCounts, error) {
	c := StatusCounts{Unworded: map[string]int64{}, Worded: map[string]int64{}}
	if words == nil {
		c.Whole = true
		return c, nil
	}
	newest, err := s.NewestOrders(ctx, since, most)
	if err != nil {
		return c, err
	}
	c.Read, c.Whole = newest.Read, newest.Whole
	for _, o := range newest.Orders {
		switch {
		case o.Failed:
		case slices.Contains(words, o.Status):
			c.Worded[o.Status]++
		case o.Status == "" && s.schema.SQL.Order != "":
		default:
			c.Unworded[o.Status]++
		}
	}
	return c, nil
}
