-- +goose Up

-- Since when Douyin has not been told of an order's state, whatever was tried since; NULL: it has. No index: a page reads it beside the
-- row. A push that succeeds writes NULL over NULL.
ALTER TABLE ordersync_order ADD COLUMN untold_at DATETIME NULL;

-- Operators list money by time and by state. These rows are written a few times each; an order push touches none of them.
CREATE INDEX ordersync_refund_created ON ordersync_refund (created_at);
CREATE INDEX ordersync_refund_state ON ordersync_refund (state, created_at);
CREATE INDEX ordersync_settlement_created ON ordersync_settlement (created_at);
CREATE INDEX ordersync_settlement_state ON ordersync_settlement (state, created_at);
CREATE INDEX ordersync_payment_created ON ordersync_payment (created_at);
CREATE INDEX ordersync_payment_state ON ordersync_payment (state, created_at);

-- What operators did, and who signed in.
CREATE TABLE IF NOT EXISTS ordersync_operator_log (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       DATETIME NOT NULL,
    who      TEXT NOT NULL DEFAULT '', -- empty: a name that nobody has
    act      TEXT NOT NULL, -- push, acknowledge, sign_in, sign_in_failed, ...
    subject  TEXT NOT NULL DEFAULT '', -- of an alarm: its table; of a job: its act
    number   TEXT NOT NULL DEFAULT '', -- of what subject names
    order_id TEXT NOT NULL DEFAULT '', -- the shop's key; empty: it was about none, or about many
    orders   INTEGER NOT NULL DEFAULT 0, -- how many rows it was about
    detail   TEXT NOT NULL DEFAULT '',
    address  TEXT NOT NULL DEFAULT '' -- from where
);
CREATE INDEX IF NOT EXISTS ordersync_operator_log_order ON ordersync_operator_log (order_id);

-- What an operator asked for of everything that a filter finds. A process that dies leaves it to the next one.
CREATE TABLE IF NOT EXISTS ordersync_job (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    act         TEXT NOT NULL, -- push, acknowledge
    filter      TEXT NOT NULL, -- JSON
    who         TEXT NOT NULL,
    moves       INTEGER NOT NULL DEFAULT 0, -- how often the row was written: of two processes one moves it
    place       TEXT NOT NULL, -- the row that everything up to is done; empty: none yet
    total       INTEGER NOT NULL DEFAULT 0, -- rows to look through, as they were counted at the begin
    looked      INTEGER NOT NULL DEFAULT 0, -- rows looked through
    done        INTEGER NOT NULL DEFAULT 0, -- of these, what the act was done to
    locked      INTEGER NOT NULL DEFAULT 0, -- of these, what somebody had locked
    started_at  DATETIME NOT NULL,
    updated_at  DATETIME NOT NULL,
    finished_at DATETIME NULL
);
CREATE INDEX IF NOT EXISTS ordersync_job_finished ON ordersync_job (finished_at);

-- +goose Down
DROP TABLE IF EXISTS ordersync_job;
DROP TABLE IF EXISTS ordersync_operator_log;
DROP INDEX ordersync_payment_state;
DROP INDEX ordersync_payment_created;
DROP INDEX ordersync_settlement_state;
DROP INDEX ordersync_settlement_created;
DROP INDEX ordersync_refund_state;
DROP INDEX ordersync_refund_created;
ALTER TABLE ordersync_order DROP COLUMN untold_at;
