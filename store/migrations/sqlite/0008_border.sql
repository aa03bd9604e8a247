-- +goose Up

-- What a person has to see of callbacks: those of another app, of a type that nobody knows, and those that cannot be understood. note says
-- which app or which field. Older rows carry their payment's alarm here, which is listed with the payment.
ALTER TABLE ordersync_callback ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_callback ADD COLUMN ack_at DATETIME NULL;
ALTER TABLE ordersync_callback ADD COLUMN ack_by TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_callback ADD COLUMN ack_note TEXT NOT NULL DEFAULT '';
CREATE INDEX ordersync_callback_ack ON ordersync_callback (ack_at, alarm);

-- Payments that were asked for and that nobody has confirmed yet: one row until Douyin says how it ended, or until it can be paid no
-- more. A confirmed one is a row of ordersync_payment, and this one goes.
CREATE TABLE IF NOT EXISTS ordersync_payment_ask (
    out_order_no TEXT NOT NULL PRIMARY KEY,
    order_id     TEXT NOT NULL DEFAULT '', -- the shop's key, where it is known
    total_fen    INTEGER NOT NULL,
    valid_until  DATETIME NOT NULL, -- it can be paid so long
    due_at       DATETIME NULL, -- when Douyin is asked; NULL: no more
    asks         INTEGER NOT NULL DEFAULT 0,
    message      TEXT NOT NULL DEFAULT '', -- of the last question without an answer
    alarm        TEXT NOT NULL DEFAULT '', -- unanswered
    alarm_at     DATETIME NULL,
    ack_at       DATETIME NULL,
    ack_by       TEXT NOT NULL DEFAULT '',
    ack_note     TEXT NOT NULL DEFAULT '',
    created_at   DATETIME NOT NULL
);
CREATE INDEX IF NOT EXISTS ordersync_payment_ask_due ON ordersync_payment_ask (due_at);
CREATE INDEX IF NOT EXISTS ordersync_payment_ask_ack ON ordersync_payment_ask (ack_at, alarm);

-- +goose Down
DROP TABLE IF EXISTS ordersync_payment_ask;
DROP INDEX ordersync_callback_ack;
ALTER TABLE ordersync_callback DROP COLUMN ack_note;
ALTER TABLE ordersync_callback DROP COLUMN ack_by;
ALTER TABLE ordersync_callback DROP COLUMN ack_at;
ALTER TABLE ordersync_callback DROP COLUMN note;
