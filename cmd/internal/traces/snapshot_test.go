package traces

import (
	"time"

	"github.com/ordersync/ordersync/store"
)

// snapshot is an order for which another task has announced a push a moment ago.
func snapshot() store.OrderSnapshot {
	return store.OrderSnapshot{
		Order: store.Order{
			ID: "7", OrderNo: "7", UserID: "1", ProductID: "1", CourseID: "1", Price: 1000, Amount: 1000, CreateTime: time.Unix(1767323045, 0),
			PaymentNo: "SN7", Status: "1",
		},
		User:  store.User{Found: true, OpenID: "openid"},
		Lines: []store.Line{{Title: "课程", Image: "https://img.example.com/1.jpg", Quantity: 1, Price: 1000}},
		State: store.OrderState{Open: 1, StartedAt: time.Now()},
	}
}
