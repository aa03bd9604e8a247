-- +goose Up

-- What we know of Douyin's side of each order. One row per order that was ever asked for.
CREATE TABLE IF NOT EXISTS ordersync_order (
    order_id      VARCHAR(64)  NOT NULL,                -- the shop's key, compared as bytes
    order_no      VARCHAR(64)  NOT NULL DEFAULT '',     -- what Douyin gets as order_id
    seq           BIGINT       NOT NULL DEFAULT 0,      -- attempts begun
    open_attempts INT          NOT NULL DEFAULT 0,      -- attempts whose end was not seen
    started_at    DATETIME(3)  NULL,                    -- begin of the newest attempt
    update_time   BIGINT       NOT NULL DEFAULT 0,      -- last one sent, in Douyin's unit
    status        INT          NOT NULL DEFAULT 0,      -- order_status that Douyin holds
    digest        VARCHAR(128) NOT NULL DEFAULT '',     -- of what Douyin holds; empty: unknown
    shop_status   VARCHAR(64)  NOT NULL DEFAULT '',     -- the shop's status when the outcome was written
    outcome       VARCHAR(16)  NOT NULL,
    kind          VARCHAR(32)  NOT NULL DEFAULT '',
    code          BIGINT       NOT NULL DEFAULT 0,
    message       VARCHAR(512) NOT NULL DEFAULT '',
    log_id        VARCHAR(128) NOT NULL DEFAULT '',
    attempts      INT          NOT NULL DEFAULT 0,      -- since the last success
    pushed_at     DATETIME(3)  NULL,
    due_at        DATETIME(3)  NULL,                    -- when the sweep asks again; NULL: never
    failed_at     DATETIME(3)  NULL,                    -- since when it is refused or given up; NULL: it is not
    created_at    DATETIME(3)  NOT NULL,
    updated_at    DATETIME(3)  NOT NULL,
    refunded_fen  BIGINT       NOT NULL DEFAULT 0,      -- refunds that succeeded; written with each change of a refund
    refunding_fen BIGINT       NOT NULL DEFAULT 0,      -- refunds that are new or submitted
    refund_failed_fen BIGINT   NOT NULL DEFAULT 0,      -- of the refund that ended last, where it failed
    PRIMARY KEY (order_id),
    KEY ordersync_order_due (due_at),
    KEY ordersync_order_failed (failed_at)              -- an ordinary push does not touch it
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per call to Douyin, and per pass that ended before it.
CREATE TABLE IF NOT EXISTS ordersync_log (
    id          BIGINT       NOT NULL AUTO_INCREMENT,
    at          DATETIME(3)  NOT NULL,
    call_name   VARCHAR(32)  NOT NULL,
    order_id    VARCHAR(64)  NOT NULL DEFAULT '',
    number      VARCHAR(64)  NOT NULL DEFAULT '',       -- developer number of a refund or settlement
    cause       VARCHAR(32)  NOT NULL DEFAULT '',
    task_id     VARCHAR(255) NOT NULL DEFAULT '',
    attempt     INT          NOT NULL DEFAULT 0,
    outcome     VARCHAR(16)  NOT NULL,
    kind        VARCHAR(32)  NOT NULL DEFAULT '',
    code        BIGINT       NOT NULL DEFAULT 0,
    message     VARCHAR(512) NOT NULL DEFAULT '',
    log_id      VARCHAR(128) NOT NULL DEFAULT '',
    http_status INT          NOT NULL DEFAULT 0,
    duration_us BIGINT       NOT NULL DEFAULT 0,
    request     MEDIUMTEXT   NULL,
    response    MEDIUMTEXT   NULL,
    PRIMARY KEY (id),
    KEY ordersync_log_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Tasks that the shop writes in its own transaction:
--   INSERT INTO ordersync_outbox (kind, order_id, payload) VALUES ('push', 123, NULL)
CREATE TABLE IF NOT EXISTS ordersync_outbox (
    id         BIGINT       NOT NULL AUTO_INCREMENT,
    kind       VARCHAR(32)  NOT NULL,
    order_id   VARCHAR(64)  NOT NULL,
    payload    TEXT         NULL,
    created_at DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    later_at   DATETIME(3)  NULL,                       -- not to be read before: it could not be taken yet
    PRIMARY KEY (id)                                    -- and no other index: relays lock rows by this one only
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Rows of the outbox that can never be handed over, with the reason. They are kept for whoever mends the producer.
CREATE TABLE IF NOT EXISTS ordersync_outbox_bad (
    id         BIGINT       NOT NULL,                   -- that the row had in the outbox
    kind       VARCHAR(32)  NOT NULL,
    order_id   VARCHAR(64)  NOT NULL,
    payload    TEXT         NULL,
    created_at DATETIME(3)  NOT NULL,
    reason     VARCHAR(512) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS ordersync_outbox_bad;
DROP TABLE IF EXISTS ordersync_outbox;
DROP TABLE IF EXISTS ordersync_log;
DROP TABLE IF EXISTS ordersync_order;
