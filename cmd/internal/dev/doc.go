// Package dev is a whole deployment for trying out, in one process with nothing installed: what a
// team develops its shop against. Its addresses are fixed, its state is kept in a folder, and orders
// go through it all the time.
//
// # Why Douyin's side has a page
//
// Whoever writes a shop's side has to see what happens when a buyer pays, gives up or wants the money
// back, and when Douyin does not answer. All of that begins at Douyin, where nobody can press a
// button. The page has the buttons, and shows what Douyin holds.
//
// # What is kept, and what is not
//
// The database is a file: the shop's orders and ordersync's tables. Keys, token and password are
// files too, so that a program goes on working after a restart. What changes at Douyin's side is
// written down before an answer or a callback tells of it, as the shop's database does: after a kill
// both still agree, a power cut may take the last seconds of both. Redis is in memory alone. What stood
// in its queues is found in the database by the sweep, as after every loss of Redis; a stream's entries
// that nobody had read are gone. A lock that the operating system gives keeps a second run away from
// the folder.
//
// # Why the page of Douyin's side has no sign-in
//
// The simulator's own calls have none either, so a sign-in would keep nobody out. It belongs on the
// loopback address. What a page of another site sends is refused, and so is what is asked under a name
// that is not this machine's: a site can let a name of its own lead here.
package dev
