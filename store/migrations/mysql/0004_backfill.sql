-- +goose Up

-- How far each backfill is. One row per range of time that was ever asked for.
CREATE TABLE IF NOT EXISTS ordersync_backfill (
    name        VARCHAR(64)  NOT NULL,                  -- the range in UTC: 20260101T000000Z-20260201T000000Z
    run         INT          NOT NULL,                  -- 1, and one more each time the range was done once more
    moves       BIGINT       NOT NULL DEFAULT 0,        -- how often the row was written: of two processes one moves it
    place       TEXT         NOT NULL,                  -- the order that everything up to is done; empty: none yet
    found       BIGINT       NOT NULL DEFAULT 0,        -- orders read; the sum of the four below
    enqueued    BIGINT       NOT NULL DEFAULT 0,
    held        BIGINT       NOT NULL DEFAULT 0,        -- Douyin holds them as they are
    under_way   BIGINT       NOT NULL DEFAULT 0,        -- somebody else had asked for them
    left_out    BIGINT       NOT NULL DEFAULT 0,        -- none of Douyin's business
    started_at  DATETIME(3)  NOT NULL,
    updated_at  DATETIME(3)  NOT NULL,
    finished_at DATETIME(3)  NULL,
    PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS ordersync_backfill;
