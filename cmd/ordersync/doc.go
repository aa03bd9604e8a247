// Command ordersync keeps a mini-app shop's orders in step with Douyin (抖音).
//
// Each subcommand is one file with one constructor, newXxx(p), that root.go lists. A subcommand asks package assembly for
// the parts it needs, uses them, and closes the assembly; it holds no other logic.
//
// # Why errors end as one line
//
// Exit codes are 0 done, 1 failed, 2 wrong usage or configuration. Errors go to stderr, one line each, and name the key, flag or
// field. Whoever starts ordersync from a script reads the code, whoever reads the screen needs no stack.
//
// # Why the build tag slim
//
// `go build -tags slim` leaves out the demo, and with it SQLite and miniredis: what production runs does not contain what only the
// demo needs. The Dockerfile builds that way; a test in cmd/internal/arrows holds it.
package main
