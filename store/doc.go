// Package store holds all the SQL: the shop's tables, which are only ever read, and ours (prefix
// ordersync_), with their migrations. It runs on MySQL 8, on MariaDB 10.6+ and, for the demo and
// for tests, on the SQLite of package embedded. Others may import it beside packages worker and
// scheduler, to run ordersync inside a program of their own, or to read what it wrote.
//
// # Why one statement loads an order
//
// InnoDB gives one statement one consistent view. So an order, its user, product and course, and
// what we know of Douyin's side are joined in a single SELECT for many orders: no transaction, one
// round trip, and never a status of now beside a state row of before.
//
// # Why calls are gathered
//
// A hundred handlers that each send five statements keep the database and both processors busy with
// round trips and commits. Calls that are made at the same time share statements instead: one
// SELECT loads many orders, and one commit makes many records durable while each handler waits for
// its own. Loads, announcements and records are gathered in a group each, so that none waits for
// the others. Package gather says when a call waits, and what was measured.
//
// # Why an attempt is announced
//
// BeginPush writes, before anything is sent, that an attempt is open. An attempt whose end nobody
// saw may have reached Douyin; while one is open (or the newest one failed) nothing is believed
// about what Douyin holds, and the next task pushes again. Seq makes it a compare and set: of two
// attempts made from the same snapshot only one may send.
//
// # Why writes lock first and decide in Go
//
// A batch locks its rows (SELECT ... FOR UPDATE in the order of their keys, READ COMMITTED so that
// absent rows lock no gaps), decides row by row in Go, and writes all rows back in one statement.
// The rules are then plain code that runs on every database, not conditions inside three dialects
// of upsert. A row that somebody else inserted meanwhile is a duplicate key, a deadlock is a
// deadlock: in both cases the whole batch runs again.
//
// # Why the quick way does not look first
//
// Nearly all writes are of three shapes: the first attempt at an order, a later one, an attempt
// that succeeded. What they must find is known from the snapshot, so they are written without
// locking and reading first, and the statement itself tells whether every row was as expected: a
// new key, or an UPDATE that found as many rows as it named. If one was not, the whole batch goes
// by the row, whose rules stay the measure: a test writes the same history both ways and compares
// the books. What an UPDATE without a transaction found stands then, and the way by the row sees
// that it does (row.holds). It saves a third of the database's time for a push. These statements
// pass GORM's builder by, which takes a statement with a thousand arguments apart and builds it
// again.
//
// # Why a locked row costs its own order only
//
// Orders share statements, so without more ado one locked row would stop all of them for InnoDB's
// 50 seconds, again and again. A session waits for a row for a second. A batch that met a lock then
// asks which of its rows are locked (SKIP LOCKED waits for nobody), goes on without them, and tries
// those for a few seconds more beside the batches that follow; what stays locked is ErrLocked, and
// its task comes again. In the same way a batch of which the database refuses one row, or one id,
// is halved until that one fails alone. Both are parts, and there is no other such mechanism; a
// batch that meets no lock pays nothing for it.
//
// # Why a call is logged beside its record
//
// ordersync_order and ordersync_log are written side by side, on two connections, and RecordPush
// returns when both are durable. In one transaction they would be four round trips one behind the
// other, and the batches behind them would wait: a record took 10 to 15 ms, and takes 6 to 8 (200
// handlers on two cores, Douyin answering after 50 ms). A process that dies between the two commits
// leaves a row of the log without its record, and the order is pushed once more; or a record, which
// has Douyin's log id, without its row of the log.
//
// # Why money is locked at the order
//
// The sum of an order's refunds must not exceed what was paid, one settlement runs at a time, and
// none while a refund is in flight. These are rules over several rows, so whoever creates or moves
// an instruction first locks the order's row in ordersync_order, as a push does. Under the same
// lock the refunds are summed up in that row, and the order becomes due: one read of the order
// tells both, and Douyin sees every change.
//
// # Why refunds and settlements take turns
//
// A settlement is computed from what is in transit, and a refund is cheapest while the money is in
// transit: after the settlement the fee is lost, and where the seller's balance is too small the
// refund is accepted and then fails (OLD-REFUND, OLD-SETTLE). So of one order a refund and a
// settlement are never at Douyin together. Under the order's lock, MarkSending gives an instruction
// its turn: a settlement when no refund is open, a refund when no settlement has its turn. So every
// refund passes a settlement that was not sent yet, and waits for one that was; refunds do not wait
// for each other.
//
// A turn lasts from the announcement to the end. What has it waits for nobody, also when it is sent
// again, so no two wait for each other. It is given back when nothing of the instruction is at
// Douyin: the request did not leave, or Douyin called it too early and does not know it. And it is
// lost when there is no result for a day (AlarmOverdue): a settlement that Douyin forgot must not
// keep a buyer's money. Whatever the order, each moves once.
//
// # Why every step of money is a compare and set
//
// Two tasks may be at one instruction: the one of its creation and the one that found it due, or
// one whose process was stopped for minutes. What the first of them learns may be true of an
// attempt that is over. So each says which state and which attempt it has seen, and where the row
// has gone on, its answer is written to the log and to nothing else. How long a request has been in
// flight is told by the database's clock, because the processes' clocks differ.
//
// # Why acknowledging an alarm changes nothing about the row's money
//
// It says that a person has looked, and takes the alarm out of lists and counts. Nobody can tell
// from it what that person found. So what the alarm holds back stays so: a contradicted refund
// counts as paid back, and a payment of another amount is not settled by itself. Two alarms say that
// automatic settlement has stopped until somebody has looked, and with them it goes on: unsettled at
// a payment, and auto_settle at a settlement for all payments of trade.
//
// # Why an end is final
//
// A refund that has succeeded or failed never changes its state again, whatever comes later and in
// whatever order: the answer of the call, a query, a callback and its redeliveries. A word that
// contradicts the first one raises an alarm, and from then on its amount counts as paid back,
// because it may have been.
//
// # Why ids compare as bytes
//
// MySQL finds '12abc' = 12 true and 'ab' = 'AB' mostly too. Order ids are bound in the type of the
// shop's column, the row that comes back must have exactly the asked text, and our own key columns
// are utf8mb4_bin.
//
// # Why our times are UTC and sessions are in the shop's zone
//
// Several processes read and write our tables, each with a DSN and a machine of its own, so no zone
// of theirs may matter. The shop's columns are another thing: a DATETIME is a clock on its wall,
// which only loc names. TIMESTAMP columns and functions as FROM_UNIXTIME show the session's zone, so
// that is loc too, and a SELECT of the shop's may mix them with DATETIME. One hour a year, at the
// end of summer time, such a clock shows twice; there is no telling which.
//
// # Why the log has no index on time
//
// Its key grows with time. Purging reads from the low end of the key, a page at a time, until a
// page holds nothing old, which saves one index entry for every call to Douyin.
package store
