-- +goose Up

-- Since when Douyin has not been told of an order's state, whatever was tried since; NULL: it has. No index: a page reads it beside the
-- row. A push that succeeds writes NULL over NULL.
ALTER TABLE ordersync_order ADD COLUMN untold_at DATETIME(3) NULL;

-- Operators list money by time and by state. These rows are written a few times each; an order push touches none of them.
ALTER TABLE ordersync_refund
    ADD KEY ordersync_refund_created (created_at),
    ADD KEY ordersync_refund_state (state, created_at);
ALTER TABLE ordersync_settlement
    ADD KEY ordersync_settlement_created (created_at),
    ADD KEY ordersync_settlement_state (state, created_at);
ALTER TABLE ordersync_payment
    ADD KEY ordersync_payment_created (created_at),
    ADD KEY ordersync_payment_state (state, created_at);

-- What operators did, and who signed in.
CREATE TABLE IF NOT EXISTS ordersync_operator_log (
    id       BIGINT       NOT NULL AUTO_INCREMENT,
    at       DATETIME(3)  NOT NULL,
    who      VARCHAR(64)  NOT NULL DEFAULT '',          -- empty: a name that nobody has
    act      VARCHAR(32)  NOT NULL,                     -- push, acknowledge, sign_in, sign_in_failed, ...
    subject  VARCHAR(32)  NOT NULL DEFAULT '',          -- of an alarm: its table; of a job: its act
    number   VARCHAR(64)  NOT NULL DEFAULT '',          -- of what subject names
    order_id VARCHAR(64)  NOT NULL DEFAULT '',          -- the shop's key; empty: it was about none, or about many
    orders   BIGINT       NOT NULL DEFAULT 0,           -- how many rows it was about
    detail   VARCHAR(512) NOT NULL DEFAULT '',
    address  VARCHAR(64)  NOT NULL DEFAULT '',          -- from where
    PRIMARY KEY (id),
    KEY ordersync_operator_log_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What an operator asked for of everything that a filter finds. A process that dies leaves it to the next one.
CREATE TABLE IF NOT EXISTS ordersync_job (
    id          BIGINT       NOT NULL AUTO_INCREMENT,
    act         VARCHAR(32)  NOT NULL,                  -- push, acknowledge
    filter      TEXT         NOT NULL,                  -- JSON
    who         VARCHAR(64)  NOT NULL,
    moves       BIGINT       NOT NULL DEFAULT 0,        -- how often the row was written: of two processes one moves it
    place       TEXT         NOT NULL,                  -- the row that everything up to is done; empty: none yet
    total       BIGINT       NOT NULL DEFAULT 0,        -- rows to look through, as they were counted at the begin
    looked      BIGINT       NOT NULL DEFAULT 0,        -- rows looked through
    done        BIGINT       NOT NULL DEFAULT 0,        -- of these, what the act was done to
    locked      BIGINT       NOT NULL DEFAULT 0,        -- of these, what somebody had locked
    started_at  DATETIME(3)  NOT NULL,
    updated_at  DATETIME(3)  NOT NULL,
    finished_at DATETIME(3)  NULL,
    PRIMARY KEY (id),
    KEY ordersync_job_finished (finished_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS ordersync_job;
DROP TABLE IF EXISTS ordersync_operator_log;
ALTER TABLE ordersync_payment DROP KEY ordersync_payment_state, DROP KEY ordersync_payment_created;
ALTER TABLE ordersync_settlement DROP KEY ordersync_settlement_state, DROP KEY ordersync_settlement_created;
ALTER TABLE ordersync_refund DROP KEY ordersync_refund_state, DROP KEY ordersync_refund_created;
ALTER TABLE ordersync_order DROP COLUMN untold_at;
