-- +goose Up

-- The outbox may count its ids anew, so a row that was put aside has a number of its own. One that asks for money is an alarm until
-- somebody has acknowledged it; what was put aside before this version is raised too.
ALTER TABLE ordersync_outbox_bad RENAME TO ordersync_outbox_bad_old;
CREATE TABLE ordersync_outbox_bad (
    no         INTEGER PRIMARY KEY AUTOINCREMENT,
    id         INTEGER NOT NULL, -- that the row had in the outbox
    kind       TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    payload    TEXT NULL,
    created_at DATETIME NOT NULL,
    reason     TEXT NOT NULL,
    alarm      TEXT NOT NULL DEFAULT '',
    ack_at     DATETIME NULL,
    ack_by     TEXT NOT NULL DEFAULT '',
    ack_note   TEXT NOT NULL DEFAULT ''
);
INSERT INTO ordersync_outbox_bad (id, kind, order_id, payload, created_at, reason, alarm)
    SELECT id, kind, order_id, payload, created_at, reason, CASE WHEN kind <> 'push' THEN 'put_aside' ELSE '' END
    FROM ordersync_outbox_bad_old ORDER BY id;
DROP TABLE ordersync_outbox_bad_old;
CREATE INDEX ordersync_outbox_bad_ack ON ordersync_outbox_bad (ack_at, alarm);

-- +goose Down
ALTER TABLE ordersync_outbox_bad RENAME TO ordersync_outbox_bad_new;
CREATE TABLE ordersync_outbox_bad (
    id         INTEGER PRIMARY KEY, -- that the row had in the outbox
    kind       TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    payload    TEXT NULL,
    created_at DATETIME NOT NULL,
    reason     TEXT NOT NULL
);
INSERT OR REPLACE INTO ordersync_outbox_bad (id, kind, order_id, payload, created_at, reason)
    SELECT id, kind, order_id, payload, created_at, reason FROM ordersync_outbox_bad_new ORDER BY no;
DROP TABLE ordersync_outbox_bad_new;
