// Package desk is where a shop, an operator and Douyin are served: it takes what they ask for, writes
// it down and says how it stands. The gateway, the operators' pages, the command line, the outbox and
// the inbox all stand before this one desk.
//
//	Lookup         what is known of one order, read once for everybody who shows it
//	Cashier        refunds and settlements: a row first, then a task
//	Payments       payments of ecpay: a row first, then Douyin's client
//	TradePayments  payments of trade: a row first, then a signature
//	PaymentSystem  which of the two a number is of
//	Audits         the shop's word on refunds that buyers asked Douyin for: a row first, then a task
//	HandOver       rows of the outbox and entries of the inbox, made into tasks
//	Callbacks      what Douyin said, stored before it is answered
//
// # Why a row comes before a task
//
// MySQL is the truth and Redis the road. What was written down is due, and the scheduler hands it
// over: a task that is lost, or was never enqueued because Redis is down, costs time and nothing
// else. So every enqueueing here may fail in silence.
//
// # Why the desk stands between the rooms
//
// The gateway knows HTTP and no SQL, the store knows SQL and no HTTP, and neither may import the
// other. What one says has to be said in the words of the other somewhere; that is here, and package
// assembly only puts the parts together.
package desk
