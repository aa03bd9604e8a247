// Package playground is what the demo and dev stand on: a whole deployment in one process with
// nothing installed. An embedded Redis, Douyin's stand-in with the keys of a simulated app, the
// shop's callback handler, and ordersync's own parts: gateway, workers, scheduler.
//
// # Why there are two gateways
//
// One process makes payments in one of Douyin's two systems, as douyin.payments says, and serves
// both. A playground shows both, as a company does that moves from one to the other: a second gateway
// beside the first shares its database and Redis, and makes payments in the other system.
//
// # Why the clocks run faster
//
// The sweep rings every second and waits between attempts are a twentieth of production's, so that a
// person sees in half a minute what takes an hour otherwise. Everything else is what production runs.
package playground
