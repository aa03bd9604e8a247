-- +goose Up

-- An operator searches by the numbers that Douyin gave. Payments, refunds and settlements are written once or a few times each,
-- so the entries cost little; an order push touches none of them.
CREATE INDEX IF NOT EXISTS ordersync_refund_platform ON ordersync_refund (refund_no);
CREATE INDEX IF NOT EXISTS ordersync_settlement_platform ON ordersync_settlement (settle_no);
CREATE INDEX IF NOT EXISTS ordersync_payment_platform ON ordersync_payment (douyin_order_id);

-- +goose Down
DROP INDEX IF EXISTS ordersync_payment_platform;
DROP INDEX IF EXISTS ordersync_settlement_platform;
DROP INDEX IF EXISTS ordersync_refund_platform;
