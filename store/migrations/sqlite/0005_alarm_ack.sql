-- +goose Up

-- Who has seen an alarm, when, and what became of it. Acknowledging changes nothing about money: alarm stays what it is. The lists
-- read alarms that nobody has seen (ack_at NULL, alarm not empty), and those that were seen last, through one index.
ALTER TABLE ordersync_refund ADD COLUMN ack_at DATETIME NULL;
ALTER TABLE ordersync_refund ADD COLUMN ack_by TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_refund ADD COLUMN ack_note TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS ordersync_refund_alarm;
CREATE INDEX ordersync_refund_ack ON ordersync_refund (ack_at, alarm);
ALTER TABLE ordersync_settlement ADD COLUMN ack_at DATETIME NULL;
ALTER TABLE ordersync_settlement ADD COLUMN ack_by TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_settlement ADD COLUMN ack_note TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS ordersync_settlement_alarm;
CREATE INDEX ordersync_settlement_ack ON ordersync_settlement (ack_at, alarm);
ALTER TABLE ordersync_payment ADD COLUMN ack_at DATETIME NULL;
ALTER TABLE ordersync_payment ADD COLUMN ack_by TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_payment ADD COLUMN ack_note TEXT NOT NULL DEFAULT '';
DROP INDEX IF EXISTS ordersync_payment_alarm;
CREATE INDEX ordersync_payment_ack ON ordersync_payment (ack_at, alarm);

-- +goose Down
DROP INDEX ordersync_payment_ack;
CREATE INDEX ordersync_payment_alarm ON ordersync_payment (alarm);
ALTER TABLE ordersync_payment DROP COLUMN ack_note;
ALTER TABLE ordersync_payment DROP COLUMN ack_by;
ALTER TABLE ordersync_payment DROP COLUMN ack_at;
DROP INDEX ordersync_settlement_ack;
CREATE INDEX ordersync_settlement_alarm ON ordersync_settlement (alarm);
ALTER TABLE ordersync_settlement DROP COLUMN ack_note;
ALTER TABLE ordersync_settlement DROP COLUMN ack_by;
ALTER TABLE ordersync_settlement DROP COLUMN ack_at;
DROP INDEX ordersync_refund_ack;
CREATE INDEX ordersync_refund_alarm ON ordersync_refund (alarm);
ALTER TABLE ordersync_refund DROP COLUMN ack_note;
ALTER TABLE ordersync_refund DROP COLUMN ack_by;
ALTER TABLE ordersync_refund DROP COLUMN ack_at;
