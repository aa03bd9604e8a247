// Package configs, not for import by others, is the only room that reads files and environment
// variables. It turns them into one checked Config for the program ordersync, and its keys come and
// go with the program.
//
// # Why every problem at once
//
// A deploy that fails for one key at a time costs a restart per key. Load reads everything, checks everything and
// returns one *Error with all problems, each with its key and what was expected.
//
// # Why unknown keys are errors
//
// A misspelt key is otherwise a default that nobody asked for. That holds for ORDERSYNC_ variables as well; the ones that
// Kubernetes injects for a service called "ordersync-…" (ORDERSYNC_GATEWAY_PORT, …_SERVICE_HOST) are passed over.
//
// # Why secrets have a type of their own
//
// A password gets into a log by way of "%+v" of the struct that holds it. Secret prints as "[secret]" whatever prints it, and
// Reveal is the only way to its text, so that a reader finds every use of a secret by that word.
//
// # Why defaults are not a layer
//
// A map that is given (shop.status) replaces its default whole: a shop whose status 1 is not "paid" would otherwise have to
// know that the default says so. Single entries given by the environment (ORDERSYNC_SHOP__STATUS__3) are added to the file's map.
package configs
