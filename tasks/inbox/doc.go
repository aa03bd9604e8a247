// Package inbox takes what producers write into a Redis Stream and hands it over: for apps that
// have Redis and not MySQL, in any language, with one command. Producers need no import; others may
// import it to run the Consumer inside a program of their own.
//
//	XADD ordersync:inbox MAXLEN ~ 1000000 * kind push order_id 123
//	XADD ordersync:inbox MAXLEN ~ 1000000 * kind push order_id 123 cause paid revision r7
//	XADD ordersync:inbox MAXLEN ~ 1000000 * kind refund order_id 123 payload {"out_refund_no":"R1","amount_fen":100,"reason":"…"}
//	XADD ordersync:inbox MAXLEN ~ 1000000 * kind settle order_id 123 payload {"out_settle_no":"S1","desc":"…"}
//
// The fields mean what the columns of ordersync_outbox mean. Other fields pass unread: a newer
// producer may talk to an older worker. The writer needs the rights `+xadd ~ordersync:inbox` and no
// others.
//
// # Why a stream and not asynq's own keys
//
// One malformed message in asynq's keys switches off its crash recovery for all queues of a server.
// A bad entry of this stream is moved to ordersync:inbox:dead, with the reason and its fields, and
// harms nobody. A person copies its fields into a new XADD once the cause is mended.
//
// # Why nothing is handed over twice
//
// A consumer may die between the hand-over and its acknowledgement; after a minute another one
// takes the entry and hands it over again. That is one task still: without a revision of its own
// the entry names the change, so the task's id is "push:<order>:inbox-<entry>", which asynq refuses
// the second time. A refund or a settlement is one by its developer number.
//
// # Why producers bound the stream
//
// What is handed over is deleted, so the stream holds only what waits. While no consumer runs it
// grows, and a full Redis stops the queues too. MAXLEN ~ bounds it at the price of the oldest
// entries; the sweep finds their orders in MySQL. Nothing finds a refund that was trimmed: where
// that is not acceptable, use ordersync_outbox or the gateway for money.
package inbox
