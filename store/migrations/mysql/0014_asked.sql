-- +goose Up

-- How long it took from asking for a push to this row: the queue, the gate and the call. NULL: not known. Written with the row.
ALTER TABLE ordersync_log ADD COLUMN since_asked_us BIGINT NULL;

-- Operators list audits, those that are over too, by their deadline; rows without an audit have none. And payments that Douyin is asked
-- about by the time when they were asked for.
ALTER TABLE ordersync_refund ADD KEY ordersync_refund_deadline (audit_deadline, out_refund_no);
ALTER TABLE ordersync_payment_ask ADD KEY ordersync_payment_ask_created (created_at);

-- +goose Down
ALTER TABLE ordersync_payment_ask DROP KEY ordersync_payment_ask_created;
ALTER TABLE ordersync_refund DROP KEY ordersync_refund_deadline;
ALTER TABLE ordersync_log DROP COLUMN since_asked_us;
