-- +goose Up

-- Times of our tables are UTC: in an embedded database they always were.
SELECT 1;

-- +goose Down
SELECT 1;
