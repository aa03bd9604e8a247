-- +goose Up

-- Who has seen an alarm, when, and what became of it. Acknowledging changes nothing about money: alarm stays what it is. The lists
-- read alarms that nobody has seen (ack_at NULL, alarm not empty), and those that were seen last, through one index.
ALTER TABLE ordersync_refund
    ADD COLUMN ack_at   DATETIME(3)  NULL,
    ADD COLUMN ack_by   VARCHAR(64)  NOT NULL DEFAULT '',
    ADD COLUMN ack_note VARCHAR(512) NOT NULL DEFAULT '',
    DROP KEY ordersync_refund_alarm,
    ADD KEY ordersync_refund_ack (ack_at, alarm);
ALTER TABLE ordersync_settlement
    ADD COLUMN ack_at   DATETIME(3)  NULL,
    ADD COLUMN ack_by   VARCHAR(64)  NOT NULL DEFAULT '',
    ADD COLUMN ack_note VARCHAR(512) NOT NULL DEFAULT '',
    DROP KEY ordersync_settlement_alarm,
    ADD KEY ordersync_settlement_ack (ack_at, alarm);
ALTER TABLE ordersync_payment
    ADD COLUMN ack_at   DATETIME(3)  NULL,
    ADD COLUMN ack_by   VARCHAR(64)  NOT NULL DEFAULT '',
    ADD COLUMN ack_note VARCHAR(512) NOT NULL DEFAULT '',
    DROP KEY ordersync_payment_alarm,
    ADD KEY ordersync_payment_ack (ack_at, alarm);

-- +goose Down
ALTER TABLE ordersync_payment DROP KEY ordersync_payment_ack, ADD KEY ordersync_payment_alarm (alarm), DROP COLUMN ack_note, DROP COLUMN ack_by, DROP COLUMN ack_at;
ALTER TABLE ordersync_settlement DROP KEY ordersync_settlement_ack, ADD KEY ordersync_settlement_alarm (alarm), DROP COLUMN ack_note, DROP COLUMN ack_by, DROP COLUMN ack_at;
ALTER TABLE ordersync_refund DROP KEY ordersync_refund_ack, ADD KEY ordersync_refund_alarm (alarm), DROP COLUMN ack_note, DROP COLUMN ack_by, DROP COLUMN ack_at;
