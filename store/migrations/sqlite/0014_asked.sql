-- +goose Up

-- How long it took from asking for a push to this row: the queue, the gate and the call. NULL: not known. Written with the row.
ALTER TABLE ordersync_log ADD COLUMN since_asked_us INTEGER NULL;

-- Operators list audits, those that are over too, by their deadline; rows without an audit have none. And payments that Douyin is asked
-- about by the time when they were asked for.
CREATE INDEX ordersync_refund_deadline ON ordersync_refund (audit_deadline, out_refund_no);
CREATE INDEX ordersync_payment_ask_created ON ordersync_payment_ask (created_at);

-- +goose Down
DROP INDEX ordersync_payment_ask_created;
DROP INDEX ordersync_refund_deadline;
ALTER TABLE ordersync_log DROP COLUMN since_asked_us;
