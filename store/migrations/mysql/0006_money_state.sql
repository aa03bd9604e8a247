-- +goose Up

-- How far an instruction is can be read off its row: new, sending, submitted, succeeded, failed. Until now a request that might have left
-- was a new row with a time of sending, and its turn followed from that time and the alarm.
ALTER TABLE ordersync_refund
    ADD COLUMN sending_at  DATETIME(3) NULL,                -- when the newest request was announced, by the database's clock
    ADD COLUMN answered_at DATETIME(3) NULL,                -- when its answer was written down; NULL: nobody has heard of it
    ADD COLUMN refused     VARCHAR(32) NOT NULL DEFAULT '', -- how it was refused; empty: it was not, or nobody knows
    ADD COLUMN has_turn    TINYINT     NOT NULL DEFAULT 0,  -- 1: no settlement of the order leaves meanwhile
    ADD KEY ordersync_refund_payment (out_order_no);        -- refunds of a payment are summed up
ALTER TABLE ordersync_settlement
    ADD COLUMN sending_at  DATETIME(3) NULL,
    ADD COLUMN answered_at DATETIME(3) NULL,
    ADD COLUMN refused     VARCHAR(32) NOT NULL DEFAULT '',
    ADD COLUMN has_turn    TINYINT     NOT NULL DEFAULT 0,  -- 1: no refund of the order leaves meanwhile
    ADD KEY ordersync_settlement_payment (out_order_no);

-- Whether somebody has heard of an old request is not known: it counts as in flight since the row was written last.
UPDATE ordersync_refund SET has_turn = 1 WHERE sent_at IS NOT NULL AND state IN ('new', 'submitted') AND alarm <> 'overdue';
UPDATE ordersync_settlement SET has_turn = 1 WHERE sent_at IS NOT NULL AND state IN ('new', 'submitted') AND alarm <> 'overdue';
UPDATE ordersync_refund SET sending_at = updated_at, state = 'sending' WHERE sent_at IS NOT NULL AND state = 'new';
UPDATE ordersync_settlement SET sending_at = updated_at, state = 'sending' WHERE sent_at IS NOT NULL AND state = 'new';
UPDATE ordersync_refund SET sending_at = sent_at, answered_at = updated_at WHERE sent_at IS NOT NULL AND state = 'submitted';
UPDATE ordersync_settlement SET sending_at = sent_at, answered_at = updated_at WHERE sent_at IS NOT NULL AND state = 'submitted';

-- +goose Down
UPDATE ordersync_settlement SET state = 'new' WHERE state = 'sending';
UPDATE ordersync_refund SET state = 'new' WHERE state = 'sending';
ALTER TABLE ordersync_settlement DROP KEY ordersync_settlement_payment, DROP COLUMN has_turn, DROP COLUMN refused, DROP COLUMN answered_at, DROP COLUMN sending_at;
ALTER TABLE ordersync_refund DROP KEY ordersync_refund_payment, DROP COLUMN has_turn, DROP COLUMN refused, DROP COLUMN answered_at, DROP COLUMN sending_at;
