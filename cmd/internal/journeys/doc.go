// Package journeys has no code but its tests. They start ordersync as processes, drive orders,
// refunds and settlements through it while everything around it fails, and hold the outcome
// against Douyin's ledger. Nobody imports it.
//
// # Which program is driven
//
// Where MariaDB is installed it is ordersync as `go build` makes it. A test that cannot wait as
// long as production does, or that has no MariaDB, starts the test binary of cmd/ordersync, which
// is the same program with shorter waits or with SQLite in a file (standin_test.go there). Each is
// built once for all tests.
//
// # Why most of them are long
//
// They wait for what production waits for: that asynq gives up the task of a killed worker takes a
// minute. servertest.Long says which run in `go test ./...`, and which are left to CI and `make
// test-all`.
package journeys
