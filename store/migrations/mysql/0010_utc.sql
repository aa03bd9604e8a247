-- +goose Up

-- Times of our tables are UTC. Until now they were the clock of the DSN's loc, which is this session's zone: each is converted once, in
-- one transaction with the row that says so. Every DATETIME column that an earlier file made stands here.

-- A column that the database fills is a TIMESTAMP: the same moment for a session of any zone. What waits there was stamped by sessions
-- of the shop's, which have the server's zone unless they say otherwise. Dates of zeros would not convert.
-- The shop's own transactions queue up behind an ALTER TABLE that waits for one of them, so it does not wait for long: run it again.
SET @ordersync_zone = @@session.time_zone;
SET @ordersync_wait = @@session.lock_wait_timeout;
SET time_zone = @@global.time_zone;
SET lock_wait_timeout = 5;
UPDATE ordersync_outbox SET created_at = CURRENT_TIMESTAMP(3) WHERE created_at < '1971-01-01 00:00:00';
ALTER TABLE ordersync_outbox MODIFY created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3);
SET lock_wait_timeout = @ordersync_wait;
SET time_zone = @ordersync_zone;

-- ALTER TABLE has ended the transaction.
START TRANSACTION;
UPDATE ordersync_order SET
    started_at = CONVERT_TZ(started_at, @@session.time_zone, '+00:00'),
    pushed_at  = CONVERT_TZ(pushed_at, @@session.time_zone, '+00:00'),
    due_at     = CONVERT_TZ(due_at, @@session.time_zone, '+00:00'),
    failed_at  = CONVERT_TZ(failed_at, @@session.time_zone, '+00:00'),
    created_at = CONVERT_TZ(created_at, @@session.time_zone, '+00:00'),
    updated_at = CONVERT_TZ(updated_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_log SET
    at = CONVERT_TZ(at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_outbox SET
    later_at = CONVERT_TZ(later_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_outbox_bad SET
    created_at = CONVERT_TZ(created_at, @@session.time_zone, '+00:00'),
    ack_at     = CONVERT_TZ(ack_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_refund SET
    sent_at     = CONVERT_TZ(sent_at, @@session.time_zone, '+00:00'),
    due_at      = CONVERT_TZ(due_at, @@session.time_zone, '+00:00'),
    alarm_at    = CONVERT_TZ(alarm_at, @@session.time_zone, '+00:00'),
    created_at  = CONVERT_TZ(created_at, @@session.time_zone, '+00:00'),
    updated_at  = CONVERT_TZ(updated_at, @@session.time_zone, '+00:00'),
    finished_at = CONVERT_TZ(finished_at, @@session.time_zone, '+00:00'),
    ack_at      = CONVERT_TZ(ack_at, @@session.time_zone, '+00:00'),
    sending_at  = CONVERT_TZ(sending_at, @@session.time_zone, '+00:00'),
    answered_at = CONVERT_TZ(answered_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_settlement SET
    not_before  = CONVERT_TZ(not_before, @@session.time_zone, '+00:00'),
    sent_at     = CONVERT_TZ(sent_at, @@session.time_zone, '+00:00'),
    due_at      = CONVERT_TZ(due_at, @@session.time_zone, '+00:00'),
    alarm_at    = CONVERT_TZ(alarm_at, @@session.time_zone, '+00:00'),
    created_at  = CONVERT_TZ(created_at, @@session.time_zone, '+00:00'),
    updated_at  = CONVERT_TZ(updated_at, @@session.time_zone, '+00:00'),
    finished_at = CONVERT_TZ(finished_at, @@session.time_zone, '+00:00'),
    ack_at      = CONVERT_TZ(ack_at, @@session.time_zone, '+00:00'),
    sending_at  = CONVERT_TZ(sending_at, @@session.time_zone, '+00:00'),
    answered_at = CONVERT_TZ(answered_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_payment SET
    paid_at    = CONVERT_TZ(paid_at, @@session.time_zone, '+00:00'),
    created_at = CONVERT_TZ(created_at, @@session.time_zone, '+00:00'),
    ack_at     = CONVERT_TZ(ack_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_callback SET
    received_at    = CONVERT_TZ(received_at, @@session.time_zone, '+00:00'),
    forward_due_at = CONVERT_TZ(forward_due_at, @@session.time_zone, '+00:00'),
    forwarded_at   = CONVERT_TZ(forwarded_at, @@session.time_zone, '+00:00'),
    ack_at         = CONVERT_TZ(ack_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_backfill SET
    started_at  = CONVERT_TZ(started_at, @@session.time_zone, '+00:00'),
    updated_at  = CONVERT_TZ(updated_at, @@session.time_zone, '+00:00'),
    finished_at = CONVERT_TZ(finished_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_payment_ask SET
    valid_until = CONVERT_TZ(valid_until, @@session.time_zone, '+00:00'),
    due_at      = CONVERT_TZ(due_at, @@session.time_zone, '+00:00'),
    alarm_at    = CONVERT_TZ(alarm_at, @@session.time_zone, '+00:00'),
    ack_at      = CONVERT_TZ(ack_at, @@session.time_zone, '+00:00'),
    created_at  = CONVERT_TZ(created_at, @@session.time_zone, '+00:00')
    WHERE @@session.time_zone <> '+00:00';

-- +goose Down
ALTER TABLE ordersync_outbox MODIFY created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3);
START TRANSACTION;
UPDATE ordersync_order SET
    started_at = CONVERT_TZ(started_at, '+00:00', @@session.time_zone),
    pushed_at  = CONVERT_TZ(pushed_at, '+00:00', @@session.time_zone),
    due_at     = CONVERT_TZ(due_at, '+00:00', @@session.time_zone),
    failed_at  = CONVERT_TZ(failed_at, '+00:00', @@session.time_zone),
    created_at = CONVERT_TZ(created_at, '+00:00', @@session.time_zone),
    updated_at = CONVERT_TZ(updated_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_log SET
    at = CONVERT_TZ(at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_outbox SET
    later_at = CONVERT_TZ(later_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_outbox_bad SET
    created_at = CONVERT_TZ(created_at, '+00:00', @@session.time_zone),
    ack_at     = CONVERT_TZ(ack_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_refund SET
    sent_at     = CONVERT_TZ(sent_at, '+00:00', @@session.time_zone),
    due_at      = CONVERT_TZ(due_at, '+00:00', @@session.time_zone),
    alarm_at    = CONVERT_TZ(alarm_at, '+00:00', @@session.time_zone),
    created_at  = CONVERT_TZ(created_at, '+00:00', @@session.time_zone),
    updated_at  = CONVERT_TZ(updated_at, '+00:00', @@session.time_zone),
    finished_at = CONVERT_TZ(finished_at, '+00:00', @@session.time_zone),
    ack_at      = CONVERT_TZ(ack_at, '+00:00', @@session.time_zone),
    sending_at  = CONVERT_TZ(sending_at, '+00:00', @@session.time_zone),
    answered_at = CONVERT_TZ(answered_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_settlement SET
    not_before  = CONVERT_TZ(not_before, '+00:00', @@session.time_zone),
    sent_at     = CONVERT_TZ(sent_at, '+00:00', @@session.time_zone),
    due_at      = CONVERT_TZ(due_at, '+00:00', @@session.time_zone),
    alarm_at    = CONVERT_TZ(alarm_at, '+00:00', @@session.time_zone),
    created_at  = CONVERT_TZ(created_at, '+00:00', @@session.time_zone),
    updated_at  = CONVERT_TZ(updated_at, '+00:00', @@session.time_zone),
    finished_at = CONVERT_TZ(finished_at, '+00:00', @@session.time_zone),
    ack_at      = CONVERT_TZ(ack_at, '+00:00', @@session.time_zone),
    sending_at  = CONVERT_TZ(sending_at, '+00:00', @@session.time_zone),
    answered_at = CONVERT_TZ(answered_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_payment SET
    paid_at    = CONVERT_TZ(paid_at, '+00:00', @@session.time_zone),
    created_at = CONVERT_TZ(created_at, '+00:00', @@session.time_zone),
    ack_at     = CONVERT_TZ(ack_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_callback SET
    received_at    = CONVERT_TZ(received_at, '+00:00', @@session.time_zone),
    forward_due_at = CONVERT_TZ(forward_due_at, '+00:00', @@session.time_zone),
    forwarded_at   = CONVERT_TZ(forwarded_at, '+00:00', @@session.time_zone),
    ack_at         = CONVERT_TZ(ack_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_backfill SET
    started_at  = CONVERT_TZ(started_at, '+00:00', @@session.time_zone),
    updated_at  = CONVERT_TZ(updated_at, '+00:00', @@session.time_zone),
    finished_at = CONVERT_TZ(finished_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
UPDATE ordersync_payment_ask SET
    valid_until = CONVERT_TZ(valid_until, '+00:00', @@session.time_zone),
    due_at      = CONVERT_TZ(due_at, '+00:00', @@session.time_zone),
    alarm_at    = CONVERT_TZ(alarm_at, '+00:00', @@session.time_zone),
    ack_at      = CONVERT_TZ(ack_at, '+00:00', @@session.time_zone),
    created_at  = CONVERT_TZ(created_at, '+00:00', @@session.time_zone)
    WHERE @@session.time_zone <> '+00:00';
