-- +goose Up

-- What we know of Douyin's side of each order. One row per order that was ever asked for.
CREATE TABLE IF NOT EXISTS ordersync_order (
    order_id      TEXT NOT NULL, -- the shop's key, compared as bytes
    order_no      TEXT NOT NULL DEFAULT '', -- what Douyin gets as order_id
    seq           INTEGER NOT NULL DEFAULT 0, -- attempts begun
    open_attempts INTEGER NOT NULL DEFAULT 0, -- attempts whose end was not seen
    started_at    DATETIME NULL, -- begin of the newest attempt
    update_time   INTEGER NOT NULL DEFAULT 0, -- last one sent, in Douyin's unit
    status        INTEGER NOT NULL DEFAULT 0 CHECK (abs(status) < 2147483648), -- order_status that Douyin holds
    digest        TEXT NOT NULL DEFAULT '', -- of what Douyin holds; empty: unknown
    shop_status   TEXT NOT NULL DEFAULT '', -- the shop's status when the outcome was written
    outcome       TEXT NOT NULL,
    kind          TEXT NOT NULL DEFAULT '',
    code          INTEGER NOT NULL DEFAULT 0,
    message       TEXT NOT NULL DEFAULT '',
    log_id        TEXT NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0, -- since the last success
    pushed_at     DATETIME NULL,
    due_at        DATETIME NULL, -- when the sweep asks again; NULL: never
    failed_at     DATETIME NULL, -- since when it is refused or given up; NULL: it is not
    created_at    DATETIME NOT NULL,
    updated_at    DATETIME NOT NULL,
    refunded_fen  INTEGER NOT NULL DEFAULT 0, -- refunds that succeeded; written with each change of a refund
    refunding_fen INTEGER NOT NULL DEFAULT 0, -- refunds that are new or submitted
    refund_failed_fen INTEGER NOT NULL DEFAULT 0, -- of the refund that ended last, where it failed
    PRIMARY KEY (order_id)
);
CREATE INDEX IF NOT EXISTS ordersync_order_due ON ordersync_order (due_at);
CREATE INDEX IF NOT EXISTS ordersync_order_failed ON ordersync_order (failed_at);

-- One row per call to Douyin, and per pass that ended before it.
CREATE TABLE IF NOT EXISTS ordersync_log (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          DATETIME NOT NULL,
    call_name   TEXT NOT NULL,
    order_id    TEXT NOT NULL DEFAULT '',
    number      TEXT NOT NULL DEFAULT '', -- developer number of a refund or settlement
    cause       TEXT NOT NULL DEFAULT '',
    task_id     TEXT NOT NULL DEFAULT '',
    attempt     INTEGER NOT NULL DEFAULT 0,
    outcome     TEXT NOT NULL,
    kind        TEXT NOT NULL DEFAULT '',
    code        INTEGER NOT NULL DEFAULT 0,
    message     TEXT NOT NULL DEFAULT '',
    log_id      TEXT NOT NULL DEFAULT '',
    http_status INTEGER NOT NULL DEFAULT 0,
    duration_us INTEGER NOT NULL DEFAULT 0,
    request     TEXT NULL,
    response    TEXT NULL
);
CREATE INDEX IF NOT EXISTS ordersync_log_order ON ordersync_log (order_id);

-- Tasks that the shop writes in its own transaction:
--   INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', 123, NULL)
CREATE TABLE IF NOT EXISTS ordersync_outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    payload    TEXT NULL,
    created_at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    later_at   DATETIME NULL -- not to be read before: it could not be taken yet
);

-- Rows of the outbox that can never be handed over, with the reason. They are kept for whoever mends the producer.
CREATE TABLE IF NOT EXISTS ordersync_outbox_bad (
    id         INTEGER PRIMARY KEY, -- that the row had in the outbox
    kind       TEXT NOT NULL,
    order_id   TEXT NOT NULL,
    payload    TEXT NULL,
    created_at DATETIME NOT NULL,
    reason     TEXT NOT NULL
);

-- +goose Down
DROP TABLE IF EXISTS ordersync_outbox_bad;
DROP TABLE IF EXISTS ordersync_outbox;
DROP TABLE IF EXISTS ordersync_log;
DROP TABLE IF EXISTS ordersync_order;
