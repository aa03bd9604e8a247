-- +goose Up

-- The outbox may count its ids anew (TRUNCATE, an older server's restart), so a row that was put aside has a number of its own. One
-- that asks for money is an alarm until somebody has acknowledged it; what was put aside before this version is raised too.
ALTER TABLE ordersync_outbox_bad
    DROP PRIMARY KEY,
    ADD COLUMN no       BIGINT       NOT NULL AUTO_INCREMENT FIRST,
    ADD COLUMN alarm    VARCHAR(32)  NOT NULL DEFAULT '',
    ADD COLUMN ack_at   DATETIME(3)  NULL,
    ADD COLUMN ack_by   VARCHAR(64)  NOT NULL DEFAULT '',
    ADD COLUMN ack_note VARCHAR(512) NOT NULL DEFAULT '',
    ADD PRIMARY KEY (no),
    ADD KEY ordersync_outbox_bad_ack (ack_at, alarm);
UPDATE ordersync_outbox_bad SET alarm = 'put_aside' WHERE kind <> 'push';

-- +goose Down
ALTER TABLE ordersync_outbox_bad
    DROP PRIMARY KEY,
    DROP KEY ordersync_outbox_bad_ack,
    DROP COLUMN no,
    DROP COLUMN alarm,
    DROP COLUMN ack_at,
    DROP COLUMN ack_by,
    DROP COLUMN ack_note,
    ADD PRIMARY KEY (id);
