// Package demo is the whole of ordersync in one process with nothing installed: an embedded Redis and database, the
// simulator in Douyin's place, gateway, workers and scheduler, and a sample shop whose orders travel. It leaves nothing
// behind.
//
// # Why Douyin refuses one order, and who pushes it again
//
// Most of what is wrong with an order is found before Douyin is asked. The other kind is what an operator meets on a real day: Douyin's own
// words, a cause in the shop's rows, and a push that goes through once that is mended. A demo that stays (Options.Serve) mends the row and
// leaves the push to the person at the operators' pages: the order itself has not changed, so nothing else would ask again.
//
// # Why it prints a password
//
// The pages have no way in without a sign-in, here neither. The password is made for one run, for a port of the loopback address, and
// printed to whoever started that run; the pages know only its hash.
package demo
