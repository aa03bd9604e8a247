-- +goose Up

-- What a person has to see of callbacks: those of another app, of a type that nobody knows, and those that cannot be understood. note says
-- which app or which field. Older rows carry their payment's alarm here, which is listed with the payment.
ALTER TABLE ordersync_callback
    ADD COLUMN note     VARCHAR(512) NOT NULL DEFAULT '',
    ADD COLUMN ack_at   DATETIME(3)  NULL,
    ADD COLUMN ack_by   VARCHAR(64)  NOT NULL DEFAULT '',
    ADD COLUMN ack_note VARCHAR(512) NOT NULL DEFAULT '',
    ADD KEY ordersync_callback_ack (ack_at, alarm);

-- Payments that were asked for and that nobody has confirmed yet: one row until Douyin says how it ended, or until it can be paid no
-- more. A confirmed one is a row of ordersync_payment, and this one goes.
CREATE TABLE IF NOT EXISTS ordersync_payment_ask (
    out_order_no VARCHAR(64)  NOT NULL,
    order_id     VARCHAR(64)  NOT NULL DEFAULT '',      -- the shop's key, where it is known
    total_fen    BIGINT       NOT NULL,
    valid_until  DATETIME(3)  NOT NULL,                 -- it can be paid so long
    due_at       DATETIME(3)  NULL,                     -- when Douyin is asked; NULL: no more
    asks         INT          NOT NULL DEFAULT 0,
    message      VARCHAR(512) NOT NULL DEFAULT '',      -- of the last question without an answer
    alarm        VARCHAR(32)  NOT NULL DEFAULT '',      -- unanswered
    alarm_at     DATETIME(3)  NULL,
    ack_at       DATETIME(3)  NULL,
    ack_by       VARCHAR(64)  NOT NULL DEFAULT '',
    ack_note     VARCHAR(512) NOT NULL DEFAULT '',
    created_at   DATETIME(3)  NOT NULL,
    PRIMARY KEY (out_order_no),
    KEY ordersync_payment_ask_due (due_at),
    KEY ordersync_payment_ask_ack (ack_at, alarm)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS ordersync_payment_ask;
ALTER TABLE ordersync_callback DROP KEY ordersync_callback_ack, DROP COLUMN ack_note, DROP COLUMN ack_by, DROP COLUMN ack_at, DROP COLUMN note;
