-- +goose Up

-- Two orders of the shop with one number would be one order at Douyin: whoever pushes an order looks here for another with its
-- number. The column is written with the order's first attempt and does not change after it.
CREATE INDEX ordersync_order_no ON ordersync_order (order_no);

-- +goose Down
DROP INDEX ordersync_order_no ON ordersync_order;
