// Package assembly builds every long-lived part of a process once, from the configuration, and
// tears them down in reverse.
//
// # Why parts are built when first asked for
//
// A subcommand asks for what it needs: `enqueue` never opens a database, `migrate` never asks
// Redis. Each part is built at most once and shared; an error of building is kept and returned to
// everyone who asks.
//
// # Why teardown is registered beside the building
//
// What is built later may use what was built earlier, so closing in reverse order is always right:
// the store flushes its groups before the pool under it closes. A part that is handed in (WithDB,
// WithRedis) belongs to whoever made it.
package assembly
