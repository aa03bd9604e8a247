-- +goose Up

-- How far each backfill is. One row per range of time that was ever asked for.
CREATE TABLE IF NOT EXISTS ordersync_backfill (
    name        TEXT NOT NULL, -- the range in UTC: 20260101T000000Z-20260201T000000Z
    run         INTEGER NOT NULL, -- 1, and one more each time the range was done once more
    moves       INTEGER NOT NULL DEFAULT 0, -- how often the row was written: of two processes one moves it
    place       TEXT NOT NULL, -- the order that everything up to is done; empty: none yet
    found       INTEGER NOT NULL DEFAULT 0, -- orders read; the sum of the four below
    enqueued    INTEGER NOT NULL DEFAULT 0,
    held        INTEGER NOT NULL DEFAULT 0, -- Douyin holds them as they are
    under_way   INTEGER NOT NULL DEFAULT 0, -- somebody else had asked for them
    left_out    INTEGER NOT NULL DEFAULT 0, -- none of Douyin's business
    started_at  DATETIME NOT NULL,
    updated_at  DATETIME NOT NULL,
    finished_at DATETIME NULL,
    PRIMARY KEY (name)
);

-- +goose Down
DROP TABLE IF EXISTS ordersync_backfill;
