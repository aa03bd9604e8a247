-- +goose Up

-- How far an instruction is can be read off its row: new, sending, submitted, succeeded, failed. Until now a request that might have left
-- was a new row with a time of sending, and its turn followed from that time and the alarm.
ALTER TABLE ordersync_refund ADD COLUMN sending_at DATETIME NULL;
ALTER TABLE ordersync_refund ADD COLUMN answered_at DATETIME NULL;
ALTER TABLE ordersync_refund ADD COLUMN refused TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_refund ADD COLUMN has_turn INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ordersync_refund_payment ON ordersync_refund (out_order_no);
ALTER TABLE ordersync_settlement ADD COLUMN sending_at DATETIME NULL;
ALTER TABLE ordersync_settlement ADD COLUMN answered_at DATETIME NULL;
ALTER TABLE ordersync_settlement ADD COLUMN refused TEXT NOT NULL DEFAULT '';
ALTER TABLE ordersync_settlement ADD COLUMN has_turn INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ordersync_settlement_payment ON ordersync_settlement (out_order_no);

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
DROP INDEX ordersync_settlement_payment;
ALTER TABLE ordersync_settlement DROP COLUMN has_turn;
ALTER TABLE ordersync_settlement DROP COLUMN refused;
ALTER TABLE ordersync_settlement DROP COLUMN answered_at;
ALTER TABLE ordersync_settlement DROP COLUMN sending_at;
DROP INDEX ordersync_refund_payment;
ALTER TABLE ordersync_refund DROP COLUMN has_turn;
ALTER TABLE ordersync_refund DROP COLUMN refused;
ALTER TABLE ordersync_refund DROP COLUMN answered_at;
ALTER TABLE ordersync_refund DROP COLUMN sending_at;
