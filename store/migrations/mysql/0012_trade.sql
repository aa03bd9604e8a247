-- +goose Up

-- Douyin's second payment system (通用交易系统, trade) beside guaranteed payment (ecpay). What stood here before is ecpay's.

ALTER TABLE ordersync_order
    ADD COLUMN `system`      VARCHAR(8)  NOT NULL DEFAULT '',  -- ecpay or trade, decided once; empty: not yet
    ADD COLUMN fulfil_status VARCHAR(64) NOT NULL DEFAULT '',  -- of trade: the to_status that Douyin holds; empty: none was told
    ADD COLUMN fulfil_sent   VARCHAR(64) NOT NULL DEFAULT '';  -- of trade: the to_status that was announced and may be at Douyin; empty: none

ALTER TABLE ordersync_payment
    ADD COLUMN `system`     VARCHAR(8)   NOT NULL DEFAULT 'ecpay',
    ADD COLUMN state        VARCHAR(16)  NOT NULL DEFAULT 'SUCCESS', -- Douyin's word: PROCESS, SUCCESS, FAIL, TIMEOUT, CANCEL; of ecpay always SUCCESS
    ADD COLUMN data         MEDIUMBLOB   NULL,                       -- of trade: the exact bytes that are signed for tt.requestOrder; NULL: made elsewhere
    ADD COLUMN fingerprint  VARCHAR(64)  NOT NULL DEFAULT '',        -- of trade: of what the shop asked for, which data was made of; empty: made elsewhere
    ADD COLUMN discount_fen BIGINT       NOT NULL DEFAULT 0,
    ADD COLUMN currency     VARCHAR(16)  NOT NULL DEFAULT '',        -- DIAMOND: amounts are diamonds; empty: fen
    ADD COLUMN items        TEXT         NULL,                       -- of trade: Douyin's items of the order, JSON
    ADD COLUMN refunds_due_at DATETIME(3) NULL,                      -- of trade: when Douyin is to be asked for refunds that it opened; NULL: never
    MODIFY COLUMN paid_at   DATETIME(3)  NULL,                       -- NULL: not paid
    ADD KEY ordersync_payment_refunds (refunds_due_at);

ALTER TABLE ordersync_payment_ask
    ADD COLUMN `system` VARCHAR(8) NOT NULL DEFAULT 'ecpay';

ALTER TABLE ordersync_refund
    ADD COLUMN `system`       VARCHAR(8)   NOT NULL DEFAULT 'ecpay',
    ADD COLUMN origin         VARCHAR(16)  NOT NULL DEFAULT 'ours', -- who opened it: ours, user, service, expiry, other
    ADD COLUMN items          TEXT         NULL,                    -- of trade: [{item_order_id, refund_amount}], JSON
    ADD COLUMN currency       VARCHAR(16)  NOT NULL DEFAULT '',
    ADD COLUMN answer         TEXT         NULL,                    -- of pre_create_refund: what Douyin is told each time
    ADD COLUMN audit          VARCHAR(16)  NOT NULL DEFAULT 'none', -- as Douyin has it: none, needed, agreed, denied, overtime
    ADD COLUMN audit_deadline DATETIME(3)  NULL,                    -- then Douyin agrees by itself
    ADD COLUMN audit_word     VARCHAR(8)   NOT NULL DEFAULT '',     -- the shop's: agree, deny; empty: it has none yet
    ADD COLUMN audit_by       VARCHAR(64)  NOT NULL DEFAULT '',     -- who said it
    ADD COLUMN audit_at       DATETIME(3)  NULL,                    -- when it was said
    ADD COLUMN audit_due_at   DATETIME(3)  NULL,                    -- when Douyin is to be told, or asked about it; NULL: never
    ADD COLUMN audit_sent_at  DATETIME(3)  NULL,                    -- since when it may be at Douyin; NULL: it is not
    ADD COLUMN audit_tries    INT          NOT NULL DEFAULT 0,
    ADD COLUMN audit_message  VARCHAR(512) NOT NULL DEFAULT '',     -- of the last try without success
    ADD COLUMN deny_message   VARCHAR(512) NOT NULL DEFAULT '',
    ADD COLUMN douyin_order_id VARCHAR(64) NOT NULL DEFAULT '',     -- of trade: Douyin's number of the order; empty: not told
    ADD KEY ordersync_refund_audit (audit, audit_deadline, out_refund_no),
    ADD KEY ordersync_refund_audit_due (audit_due_at),
    ADD KEY ordersync_refund_of (douyin_order_id);

ALTER TABLE ordersync_settlement
    ADD COLUMN `system`         VARCHAR(8)  NOT NULL DEFAULT 'ecpay',
    ADD COLUMN origin           VARCHAR(16) NOT NULL DEFAULT 'ours', -- ours, auto
    ADD COLUMN item_order_id    VARCHAR(64) NOT NULL DEFAULT '',
    ADD COLUMN wallet_settle_id VARCHAR(64) NOT NULL DEFAULT '',
    ADD COLUMN douyin_order_id  VARCHAR(64) NOT NULL DEFAULT '',
    ADD KEY ordersync_settlement_of (douyin_order_id);

ALTER TABLE ordersync_callback
    ADD COLUMN `system` VARCHAR(8) NOT NULL DEFAULT 'ecpay',
    ADD COLUMN headers  TEXT       NULL; -- of trade: its Byte-* headers, a JSON object of lists; they travel with the body

-- +goose Down
ALTER TABLE ordersync_callback DROP COLUMN headers, DROP COLUMN `system`;
ALTER TABLE ordersync_settlement DROP KEY ordersync_settlement_of, DROP COLUMN douyin_order_id, DROP COLUMN wallet_settle_id, DROP COLUMN item_order_id, DROP COLUMN origin, DROP COLUMN `system`;
ALTER TABLE ordersync_refund DROP KEY ordersync_refund_of, DROP COLUMN douyin_order_id, DROP KEY ordersync_refund_audit_due, DROP KEY ordersync_refund_audit,
    DROP COLUMN deny_message, DROP COLUMN audit_message, DROP COLUMN audit_tries, DROP COLUMN audit_sent_at, DROP COLUMN audit_due_at,
    DROP COLUMN audit_at, DROP COLUMN audit_by, DROP COLUMN audit_word, DROP COLUMN audit_deadline, DROP COLUMN audit, DROP COLUMN answer,
    DROP COLUMN currency, DROP COLUMN items, DROP COLUMN origin, DROP COLUMN `system`;
ALTER TABLE ordersync_payment_ask DROP COLUMN `system`;
DELETE FROM ordersync_payment WHERE paid_at IS NULL;
ALTER TABLE ordersync_payment DROP COLUMN items, DROP COLUMN currency, DROP COLUMN discount_fen, DROP COLUMN fingerprint, DROP COLUMN data, DROP COLUMN state,
    DROP KEY ordersync_payment_refunds, DROP COLUMN refunds_due_at,
    DROP COLUMN `system`, MODIFY COLUMN paid_at DATETIME(3) NOT NULL;
ALTER TABLE ordersync_order DROP COLUMN fulfil_sent, DROP COLUMN fulfil_status, DROP COLUMN `system`;
