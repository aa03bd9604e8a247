package store

import (
	"errors"
	"testing"

	"github.com/ordersync/ordersync/store/cell"
)

// The bug: of two orders with one number that came for the first time, and together, neither knew of the other.
func TestOrdersOfOneBatchWithOneNumberAreAllRefused(t *testing.T) {
	batch := map[string]*loaded{}
	for id, no := range map[string]string{"1": "SN1", "2": "SN1", "3": "SN1", "4": "SN4", "5": "", "6": "", "7": "sn1"} {
		var l loaded
		l.snapshot.Order.ID, l.snapshot.Order.OrderNo = id, no
		batch[id] = &l
	}
	(&Store{schema: DefaultSchema()}).sameInBatch(batch)
	for id, l := range batch {
		var column *ColumnError
		refused := errors.As(l.err, &column) && column.Reason == cell.TwoOrders
		if want := id <= "3"; refused != want {
			t.Errorf("order %s: %v, want refused %v", id, l.err, want)
		}
	}
}
