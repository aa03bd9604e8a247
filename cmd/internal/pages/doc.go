// Package pages is what operators look at: which orders need a person and why, one order's whole history, what waits, and the
// buttons that push again. Mount puts it on the private port.
//
//	a, err := admin.New(admin.Config{…, Home: pages.Home})
//	err = pages.Mount(a, pages.Deps{Store: st, Queue: client, Inspector: inspector, Now: time.Now, Log: log})
//
// # Why server-rendered, without JavaScript
//
// These pages are opened when something is on fire, on whatever is at hand: a phone, a jump host, an old browser behind a strict
// proxy. Links and plain forms work there. Nothing has to be built, and the Content-Security-Policy needs no exception.
//
// # Why a group is one kind and one code
//
// Orders fail by the hundred for one cause: a certificate, a product without a picture, an app that lost a permission. An operator
// mends the cause once and pushes the group again, so the group is the unit of the start page, with its meaning beside it.
//
// # Why pushing again takes two ways
//
// Making an order due is durable: the scheduler hands it over even if Redis is down at this moment. For a person who waits, an
// order or a selection is also put on the live queue at once. A whole group is not: a thousand orders would stand before the
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
