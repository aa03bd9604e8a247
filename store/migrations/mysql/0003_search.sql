-- +goose Up

-- An operator searches by the numbers that Douyin gave. Payments, refunds and settlements are written once or a few times each,
-- so the entries cost little; an order push touches none of them.
CREATE INDEX ordersync_refund_platform ON ordersync_refund (refund_no);
CREATE INDEX ordersync_settlement_platform ON ordersync_settlement (settle_no);
CREATE INDEX ordersync_payment_platform ON ordersync_payment (douyin_order_id);

-- +goose Down
DROP INDEX ordersync_payment_platform ON ordersync_payment;
DROP INDEX ordersync_settlement_platform ON ordersync_settlement;
DROP INDEX ordersync_refund_platform ON ordersync_refund;
