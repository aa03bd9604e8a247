// Package demo is the whole of ordersync in one process with nothing installed: an embedded Redis and database, the
// simulator in Douyin's place, gateway, workers and scheduler, and a sample shop whose orders travel. It leaves nothing
// behind.
//
// # Why the clocks run faster
//
// The sweep rings every second and waits between attempts are a twentieth of production's, so that a person sees in half
// a minute what takes an hour otherwise. Everything else is what production runs.
package demo
