-- +goose Up

-- Douyin's second payment system (通用交易系统, trade) beside guaranteed payment (ecpay). What stood here before is ecpay's.

ALTER TABLE ordersync_order ADD COLUMN `system` TEXT NOT NULL DEFAULT ''; -- ecpay or trade, decided once; empty: not yet
ALTER TABLE ordersync_order ADD COLUMN fulfil_status TEXT NOT NULL DEFAULT ''; -- of trade: the to_status that Douyin holds
ALTER TABLE ordersync_order ADD COLUMN fulfil_sent TEXT NOT NULL DEFAULT ''; -- of trade: the to_status that may be at Douyin

-- paid_at may be NULL now, which takes a new table.
CREATE TABLE ordersync_payment_new (
    out_order_no    TEXT NOT NULL,
    order_id        TEXT NOT NULL DEFAULT '', -- the shop's key; empty: the shop has no such order
    total_fen       INTEGER NOT NULL,
    paid_at         DATETIME NULL, -- NULL: not paid
    way             TEXT NOT NULL DEFAULT '', -- 1 WeChat, 2 Alipay, 10 Douyin Pay
    douyin_order_id TEXT NOT NULL DEFAULT '',
    alarm           TEXT NOT NULL DEFAULT '',
    message         TEXT NOT NULL DEFAULT '',
    created_at      DATETIME NOT NULL,
    ack_at          DATETIME NULL,
    ack_by          TEXT NOT NULL DEFAULT '',
    ack_note        TEXT NOT NULL DEFAULT '',
    `system`        TEXT NOT NULL DEFAULT 'ecpay',
    state           TEXT NOT NULL DEFAULT 'SUCCESS', -- Douyin's word: PROCESS, SUCCESS, FAIL, TIMEOUT, CANCEL; of ecpay always SUCCESS
    data            BLOB NULL, -- of trade: the exact bytes that are signed for tt.requestOrder; NULL: made elsewhere
    fingerprint     TEXT NOT NULL DEFAULT '', -- of trade: of what the shop asked for, which data was made of; empty: made elsewhere
    discount_fen    INTEGER NOT NULL DEFAULT 0,
    currency        TEXT NOT NULL DEFAULT '', -- DIAMOND: amounts are diamonds; empty: fen
    items           TEXT NULL, -- of trade: Douyin's items of the order, JSON
    refunds_due_at  DATETIME NULL, -- of trade: when Douyin is to be asked for refunds that it opened; NULL: never
    PRIMARY KEY (out_order_no)
);
INSERT INTO ordersync_payment_new (out_order_no, order_id, total_fen, paid_at, way, douyin_order_id, alarm, message, created_at, ack_at, ack_by, ack_note)
    SELECT out_order_no, order_id, total_fen, paid_at, way, douyin_order_id, alarm, message, created_at, ack_at, ack_by, ack_note FROM ordersync_payment;
DROP TABLE ordersync_payment;
ALTER TABLE ordersync_payment_new RENAME TO ordersync_payment;
CREATE INDEX ordersync_payment_paid ON ordersync_payment (paid_at);
CREATE INDEX ordersync_payment_platform ON ordersync_payment (douyin_order_id);
CREATE INDEX ordersync_payment_ack ON ordersync_payment (ack_at, alarm);
CREATE INDEX ordersync_payment_refunds ON ordersync_payment (refunds_due_at);

ALTER TABLE ordersync_payment_ask ADD COLUMN `system` TEXT NOT NULL DEFAULT 'ecpay';

ALTER TABLE ordersync_refund ADD COLUMN `system` TEXT NOT NULL DEFAULT 'ecpay';
ALTER TABLE ordersync_refund ADD COLUMN origin TEXT NOT NULL DEFAULT 'ours';
ALTER TABLE ordersync_refund ADD COLUMN items TEXT NULL;
ALTER TABLE ordersync_refund ADD COLUMN currency TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_refund ADD COLUMN answer TEXT NULL;
ALTER TABLE ordersync_refund ADD COLUMN audit TEXT NOT NULL DEFAULT 'none';
ALTER TABLE ordersync_refund ADD COLUMN audit_deadline DATETIME NULL;
ALTER TABLE ordersync_refund ADD COLUMN audit_word TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_refund ADD COLUMN audit_by TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_refund ADD COLUMN audit_at DATETIME NULL;
ALTER TABLE ordersync_refund ADD COLUMN audit_due_at DATETIME NULL;
ALTER TABLE ordersync_refund ADD COLUMN audit_sent_at DATETIME NULL;
ALTER TABLE ordersync_refund ADD COLUMN audit_tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ordersync_refund ADD COLUMN audit_message TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_refund ADD COLUMN deny_message TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_refund ADD COLUMN douyin_order_id TEXT NOT NULL DEFAULT ''; -- of trade: Douyin's number of the order; empty: not told
CREATE INDEX ordersync_refund_audit ON ordersync_refund (audit, audit_deadline, out_refund_no);
CREATE INDEX ordersync_refund_audit_due ON ordersync_refund (audit_due_at);
CREATE INDEX ordersync_refund_of ON ordersync_refund (douyin_order_id);

ALTER TABLE ordersync_settlement ADD COLUMN `system` TEXT NOT NULL DEFAULT 'ecpay';
ALTER TABLE ordersync_settlement ADD COLUMN origin TEXT NOT NULL DEFAULT 'ours';
ALTER TABLE ordersync_settlement ADD COLUMN item_order_id TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_settlement ADD COLUMN wallet_settle_id TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_settlement ADD COLUMN douyin_order_id TEXT NOT NULL DEFAULT '';
CREATE INDEX ordersync_settlement_of ON ordersync_settlement (douyin_order_id);

ALTER TABLE ordersync_callback ADD COLUMN `system` TEXT NOT NULL DEFAULT 'ecpay';
ALTER TABLE ordersync_callback ADD COLUMN headers TEXT NULL;

-- +goose Down
ALTER TABLE ordersync_callback DROP COLUMN headers;
ALTER TABLE ordersync_callback DROP COLUMN `system`;
DROP INDEX ordersync_settlement_of;
ALTER TABLE ordersync_settlement DROP COLUMN douyin_order_id;
ALTER TABLE ordersync_settlement DROP COLUMN wallet_settle_id;
ALTER TABLE ordersync_settlement DROP COLUMN item_order_id;
ALTER TABLE ordersync_settlement DROP COLUMN origin;
ALTER TABLE ordersync_settlement DROP COLUMN `system`;
DROP INDEX ordersync_refund_of;
ALTER TABLE ordersync_refund DROP COLUMN douyin_order_id;
DROP INDEX ordersync_refund_audit_due;
DROP INDEX ordersync_refund_audit;
ALTER TABLE ordersync_refund DROP COLUMN deny_message;
ALTER TABLE ordersync_refund DROP COLUMN audit_message;
ALTER TABLE ordersync_refund DROP COLUMN audit_tries;
ALTER TABLE ordersync_refund DROP COLUMN audit_sent_at;
ALTER TABLE ordersync_refund DROP COLUMN audit_due_at;
ALTER TABLE ordersync_refund DROP COLUMN audit_at;
ALTER TABLE ordersync_refund DROP COLUMN audit_by;
ALTER TABLE ordersync_refund DROP COLUMN audit_word;
ALTER TABLE ordersync_refund DROP COLUMN audit_deadline;
ALTER TABLE ordersync_refund DROP COLUMN audit;
ALTER TABLE ordersync_refund DROP COLUMN answer;
ALTER TABLE ordersync_refund DROP COLUMN currency;
ALTER TABLE ordersync_refund DROP COLUMN items;
ALTER TABLE ordersync_refund DROP COLUMN origin;
ALTER TABLE ordersync_refund DROP COLUMN `system`;
ALTER TABLE ordersync_payment_ask DROP COLUMN `system`;
DELETE FROM ordersync_payment WHERE paid_at IS NULL;
DROP INDEX ordersync_payment_refunds;
ALTER TABLE ordersync_payment DROP COLUMN refunds_due_at;
ALTER TABLE ordersync_payment DROP COLUMN items;
ALTER TABLE ordersync_payment DROP COLUMN currency;
ALTER TABLE ordersync_payment DROP COLUMN discount_fen;
ALTER TABLE ordersync_payment DROP COLUMN fingerprint;
ALTER TABLE ordersync_payment DROP COLUMN data;
ALTER TABLE ordersync_payment DROP COLUMN state;
ALTER TABLE ordersync_payment DROP COLUMN `system`;
ALTER TABLE ordersync_order DROP COLUMN fulfil_sent;
ALTER TABLE ordersync_order DROP COLUMN fulfil_status;
ALTER TABLE ordersync_order DROP COLUMN `system`;
