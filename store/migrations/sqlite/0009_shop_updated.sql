-- +goose Up

-- The shop's updated_at as it was read for the newest outcome, in microseconds since 1970, "-" for NULL; empty: not known. The order has
-- changed where the shop's says something else, whatever any clock says.
ALTER TABLE ordersync_order ADD COLUMN shop_updated TEXT NOT NULL DEFAULT '';

-- What was given up because of the surroundings is asked for again at once: such a fault costs no attempt any more.
UPDATE ordersync_order SET due_at = failed_at
    WHERE failed_at IS NOT NULL AND outcome = 'gave_up' AND due_at > failed_at
    AND kind IN ('throttled', 'unauthorized', 'unavailable', 'paused', 'database');

-- +goose Down
ALTER TABLE ordersync_order DROP COLUMN shop_updated;
