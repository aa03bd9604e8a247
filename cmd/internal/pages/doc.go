// Package pages is what operators look at: which orders need a person and why, one order's whole history, what waits, and the
// buttons that push again. Mount puts it on the private port.
//
//	a, err := admin.New(admin.Config{…, Home: pages.Home})
//	err = pages.Mount(a, pages.Deps{Store: st, Queue: client, Inspector: inspector, Now: time.Now, Log: log})
//
// # Why server-rendered, and right without JavaScript
//
// These pages are opened when something is on fire, on whatever is at hand: a phone, a jump host, an old browser behind a strict
// proxy. Links and plain forms work there. Nothing has to be built, and the Content-Security-Policy needs no exception. One small
// script fetches a page that is being watched again; without it the page is right as of the time at its foot.
//
// # Why a group is one cause
//
// Orders fail by the hundred for one cause: a certificate, products without a picture, an app that lost a permission. An operator
// mends the cause once and pushes the group again, so the group is the unit of the start page, with its meaning beside it. Kind and
// code are not enough: all that is incomplete in a shop has one kind, and is mended column by column.
//
// # Why what is done to a whole filter is a job
//
// A hundred thousand orders are more than a request can wait for. A job stands in a table with the place up to which it is done, so
// the process that runs it may die; it asks of the database what fits a page, again and again, and says how far it is.
//
// What it is about is counted before, on a page of its own, and once more when it begins: whoever saw another number is asked again.
// A word on refunds is said on none that was asked for after the job.
//
// # Why no list is read without an index, and counts end
//
// Shops have tens of millions of orders. A list goes by an index and looks through a bounded number of rows, whatever its filter
// leaves out; where it ends before the page is full, the page says so. There is no list of orders by their last change: the index
// for it would be touched by every push.
//
// # Why the bar at the top is asked for apart
//
// It has to come when Redis or MySQL is what is away. All parts are asked at once, for a second together, and what was found serves
// all who look for some seconds.
//
// # Why pushing again takes two ways
//
// Making an order due is durable: the scheduler hands it over even if Redis is down at this moment. For a person who waits, an
// order or a selection is also put on the live queue at once. A whole filter is not: a thousand orders would stand before the
// ones that are being paid now, so it takes the scheduler's way alone.
//
// # Why an alarm is acknowledged and not deleted
//
// Whoever looked, when and what came of it belongs to the order's history, for the next person and for the books. The form names the
// alarm that was read, so one that came meanwhile is not dismissed unseen. The metric and its alert go by what nobody has acknowledged.
//
// # What never shows
//
// No open_id, token or secret: bodies are stored masked by package douyin, the buyer's open_id is struck out once more here, and
// neither callbacks' bodies nor the payloads of outbox rows are read for a page.
package pages
