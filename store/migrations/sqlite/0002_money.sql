-- +goose Up

-- One row per out_refund_no, written before anything is sent.
CREATE TABLE IF NOT EXISTS ordersync_refund (
    out_refund_no TEXT NOT NULL,
    order_id      TEXT NOT NULL, -- the shop's key
    out_order_no  TEXT NOT NULL, -- of the payment
    amount_fen    INTEGER NOT NULL,
    reason        TEXT NOT NULL DEFAULT '',
    options       TEXT NULL, -- further parameters, JSON as it was given
    fingerprint   TEXT NOT NULL, -- of the content: the same number with another one is a conflict
    state         TEXT NOT NULL, -- new, submitted, succeeded, failed (and sending: 0006)
    refund_no     TEXT NOT NULL DEFAULT '', -- Douyin's number
    sent_at       DATETIME NULL, -- first moment at which a request may have left; NULL: none ever did
    kind          TEXT NOT NULL DEFAULT '',
    code          INTEGER NOT NULL DEFAULT 0,
    message       TEXT NOT NULL DEFAULT '',
    log_id        TEXT NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0,
    polls         INTEGER NOT NULL DEFAULT 0,
    due_at        DATETIME NULL, -- when it is to be sent, or asked about, again; NULL: never
    alarm         TEXT NOT NULL DEFAULT '', -- a person has to look: overdue, amount, contradiction
    alarm_at      DATETIME NULL,
    created_at    DATETIME NOT NULL,
    updated_at    DATETIME NOT NULL,
    finished_at   DATETIME NULL,
    PRIMARY KEY (out_refund_no)
);
CREATE INDEX IF NOT EXISTS ordersync_refund_order ON ordersync_refund (order_id);
CREATE INDEX IF NOT EXISTS ordersync_refund_due ON ordersync_refund (due_at);
CREATE INDEX IF NOT EXISTS ordersync_refund_alarm ON ordersync_refund (alarm);

-- One row per out_settle_no, written before anything is sent.
CREATE TABLE IF NOT EXISTS ordersync_settlement (
    out_settle_no TEXT NOT NULL,
    order_id      TEXT NOT NULL,
    out_order_no  TEXT NOT NULL,
    amount_fen    INTEGER NOT NULL DEFAULT 0, -- as Douyin says in the end; 0: not known
    settle_desc   TEXT NOT NULL DEFAULT '',
    options       TEXT NULL,
    settle_params TEXT NULL, -- JSON text, sent as it stands
    finish        INTEGER NOT NULL DEFAULT 0,
    not_before    DATETIME NULL,
    fingerprint   TEXT NOT NULL,
    state         TEXT NOT NULL,
    settle_no     TEXT NOT NULL DEFAULT '',
    sent_at       DATETIME NULL,
    kind          TEXT NOT NULL DEFAULT '',
    code          INTEGER NOT NULL DEFAULT 0,
    message       TEXT NOT NULL DEFAULT '',
    log_id        TEXT NOT NULL DEFAULT '',
    attempts      INTEGER NOT NULL DEFAULT 0,
    polls         INTEGER NOT NULL DEFAULT 0,
    due_at        DATETIME NULL,
    alarm         TEXT NOT NULL DEFAULT '',
    alarm_at      DATETIME NULL,
    created_at    DATETIME NOT NULL,
    updated_at    DATETIME NOT NULL,
    finished_at   DATETIME NULL,
    PRIMARY KEY (out_settle_no)
);
CREATE INDEX IF NOT EXISTS ordersync_settlement_order ON ordersync_settlement (order_id);
CREATE INDEX IF NOT EXISTS ordersync_settlement_due ON ordersync_settlement (due_at);
CREATE INDEX IF NOT EXISTS ordersync_settlement_alarm ON ordersync_settlement (alarm);

-- Payments that Douyin has confirmed.
CREATE TABLE IF NOT EXISTS ordersync_payment (
    out_order_no    TEXT NOT NULL,
    order_id        TEXT NOT NULL DEFAULT '', -- the shop's key; empty: the shop has no such order
    total_fen       INTEGER NOT NULL,
    paid_at         DATETIME NOT NULL,
    way             TEXT NOT NULL DEFAULT '', -- 1 WeChat, 2 Alipay, 10 Douyin Pay
    douyin_order_id TEXT NOT NULL DEFAULT '',
    alarm           TEXT NOT NULL DEFAULT '',
    message         TEXT NOT NULL DEFAULT '',
    created_at      DATETIME NOT NULL,
    PRIMARY KEY (out_order_no)
);
CREATE INDEX IF NOT EXISTS ordersync_payment_paid ON ordersync_payment (paid_at);
CREATE INDEX IF NOT EXISTS ordersync_payment_alarm ON ordersync_payment (alarm);

-- Verified callbacks, each once.
CREATE TABLE IF NOT EXISTS ordersync_callback (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    dedup_key        TEXT NOT NULL, -- type:number:status
    type             TEXT NOT NULL,
    number           TEXT NOT NULL, -- the shop's: out_order_no, out_refund_no or out_settle_no
    status           TEXT NOT NULL DEFAULT '',
    order_id         TEXT NOT NULL DEFAULT '', -- the shop's key, where it is known
    raw              BLOB NULL, -- the whole body, for forwarding untouched
    alarm            TEXT NOT NULL DEFAULT '',
    received         INTEGER NOT NULL DEFAULT 1, -- deliveries
    received_at      DATETIME NOT NULL, -- of the first
    forward_due_at   DATETIME NULL, -- NULL: nothing to forward (any more)
    forward_attempts INTEGER NOT NULL DEFAULT 0,
    forward_message  TEXT NOT NULL DEFAULT '',
    forwarded_at     DATETIME NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ordersync_callback_dedup ON ordersync_callback (dedup_key);
CREATE INDEX IF NOT EXISTS ordersync_callback_forward ON ordersync_callback (forward_due_at);

-- +goose Down
DROP TABLE IF EXISTS ordersync_callback;
DROP TABLE IF EXISTS ordersync_payment;
DROP TABLE IF EXISTS ordersync_settlement;
DROP TABLE IF EXISTS ordersync_refund;
