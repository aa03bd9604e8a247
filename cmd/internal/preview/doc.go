// Package preview shows what Douyin would be told of an order before anybody tells it: the shop's rows,
// made into a push by the worker's own Builder and checked as the worker checks it. It sends nothing,
// writes nothing, and needs neither Redis nor Douyin. `ordersync preview` prints what it finds, and
// doctor counts on it.
//
// # Why a shop is judged by one order of each status
//
// What is wrong with a shop's description is wrong for a kind of orders: a CASE that forgets a state, a
// join that finds no payment. The newest orders are mostly paid ones; one of each status shows more
// than as many that are alike.
//
// # Why a sum that does not fit is no refusal
//
// Whether price is that of a piece or of a line cannot be told from one number, and a coupon is a
// difference, too. So it is said, with what it probably is, and nobody is kept from sending.
package preview
