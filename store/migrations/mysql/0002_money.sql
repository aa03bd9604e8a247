-- +goose Up

-- One row per out_refund_no, written before anything is sent.
CREATE TABLE IF NOT EXISTS ordersync_refund (
    out_refund_no VARCHAR(64)   NOT NULL,
    order_id      VARCHAR(64)   NOT NULL,               -- the shop's key
    out_order_no  VARCHAR(64)   NOT NULL,               -- of the payment
    amount_fen    BIGINT        NOT NULL,
    reason        VARCHAR(512)  NOT NULL DEFAULT '',
    options       TEXT          NULL,                   -- further parameters, JSON as it was given
    fingerprint   CHAR(64)      NOT NULL,               -- of the content: the same number with another one is a conflict
    state         VARCHAR(16)   NOT NULL,               -- new, submitted, succeeded, failed (and sending: 0006)
    refund_no     VARCHAR(64)   NOT NULL DEFAULT '',    -- Douyin's number
    sent_at       DATETIME(3)   NULL,                   -- first moment at which a request may have left; NULL: none ever did
    kind          VARCHAR(32)   NOT NULL DEFAULT '',
    code          BIGINT        NOT NULL DEFAULT 0,
    message       VARCHAR(512)  NOT NULL DEFAULT '',
    log_id        VARCHAR(128)  NOT NULL DEFAULT '',
    attempts      INT           NOT NULL DEFAULT 0,
    polls         INT           NOT NULL DEFAULT 0,
    due_at        DATETIME(3)   NULL,                   -- when it is to be sent, or asked about, again; NULL: never
    alarm         VARCHAR(32)   NOT NULL DEFAULT '',    -- a person has to look: overdue, amount, contradiction
    alarm_at      DATETIME(3)   NULL,
    created_at    DATETIME(3)   NOT NULL,
    updated_at    DATETIME(3)   NOT NULL,
    finished_at   DATETIME(3)   NULL,
    PRIMARY KEY (out_refund_no),
    KEY ordersync_refund_order (order_id),
    KEY ordersync_refund_due (due_at),
    KEY ordersync_refund_alarm (alarm)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per out_settle_no, written before anything is sent.
CREATE TABLE IF NOT EXISTS ordersync_settlement (
    out_settle_no VARCHAR(64)   NOT NULL,
    order_id      VARCHAR(64)   NOT NULL,
    out_order_no  VARCHAR(64)   NOT NULL,
    amount_fen    BIGINT        NOT NULL DEFAULT 0,     -- as Douyin says in the end; 0: not known
    settle_desc   VARCHAR(512)  NOT NULL DEFAULT '',
    options       TEXT          NULL,
    settle_params TEXT          NULL,                   -- JSON text, sent as it stands
    finish        TINYINT       NOT NULL DEFAULT 0,
    not_before    DATETIME(3)   NULL,
    fingerprint   CHAR(64)      NOT NULL,
    state         VARCHAR(16)   NOT NULL,
    settle_no     VARCHAR(64)   NOT NULL DEFAULT '',
    sent_at       DATETIME(3)   NULL,
    kind          VARCHAR(32)   NOT NULL DEFAULT '',
    code          BIGINT        NOT NULL DEFAULT 0,
    message       VARCHAR(512)  NOT NULL DEFAULT '',
    log_id        VARCHAR(128)  NOT NULL DEFAULT '',
    attempts      INT           NOT NULL DEFAULT 0,
    polls         INT           NOT NULL DEFAULT 0,
    due_at        DATETIME(3)   NULL,
    alarm         VARCHAR(32)   NOT NULL DEFAULT '',
    alarm_at      DATETIME(3)   NULL,
    created_at    DATETIME(3)   NOT NULL,
    updated_at    DATETIME(3)   NOT NULL,
    finished_at   DATETIME(3)   NULL,
    PRIMARY KEY (out_settle_no),
    KEY ordersync_settlement_order (order_id),
    KEY ordersync_settlement_due (due_at),
    KEY ordersync_settlement_alarm (alarm)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Payments that Douyin has confirmed.
CREATE TABLE IF NOT EXISTS ordersync_payment (
    out_order_no    VARCHAR(64)  NOT NULL,
    order_id        VARCHAR(64)  NOT NULL DEFAULT '',   -- the shop's key; empty: the shop has no such order
    total_fen       BIGINT       NOT NULL,
    paid_at         DATETIME(3)  NOT NULL,
    way             VARCHAR(16)  NOT NULL DEFAULT '',   -- 1 WeChat, 2 Alipay, 10 Douyin Pay
    douyin_order_id VARCHAR(64)  NOT NULL DEFAULT '',
    alarm           VARCHAR(32)  NOT NULL DEFAULT '',
    message         VARCHAR(512) NOT NULL DEFAULT '',
    created_at      DATETIME(3)  NOT NULL,
    PRIMARY KEY (out_order_no),
    KEY ordersync_payment_paid (paid_at),
    KEY ordersync_payment_alarm (alarm)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Verified callbacks, each once.
CREATE TABLE IF NOT EXISTS ordersync_callback (
    id               BIGINT       NOT NULL AUTO_INCREMENT,
    dedup_key        VARCHAR(191) NOT NULL,             -- type:number:status
    type             VARCHAR(32)  NOT NULL,
    number           VARCHAR(64)  NOT NULL,             -- the shop's: out_order_no, out_refund_no or out_settle_no
    status           VARCHAR(32)  NOT NULL DEFAULT '',
    order_id         VARCHAR(64)  NOT NULL DEFAULT '',  -- the shop's key, where it is known
    raw              MEDIUMBLOB   NULL,                 -- the whole body, for forwarding untouched
    alarm            VARCHAR(32)  NOT NULL DEFAULT '',
    received         INT          NOT NULL DEFAULT 1,   -- deliveries
    received_at      DATETIME(3)  NOT NULL,             -- of the first
    forward_due_at   DATETIME(3)  NULL,                 -- NULL: nothing to forward (any more)
    forward_attempts INT          NOT NULL DEFAULT 0,
    forward_message  VARCHAR(512) NOT NULL DEFAULT '',
    forwarded_at     DATETIME(3)  NULL,
    PRIMARY KEY (id),
    UNIQUE KEY ordersync_callback_dedup (dedup_key),
    KEY ordersync_callback_forward (forward_due_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE IF EXISTS ordersync_callback;
DROP TABLE IF EXISTS ordersync_payment;
DROP TABLE IF EXISTS ordersync_settlement;
DROP TABLE IF EXISTS ordersync_refund;
