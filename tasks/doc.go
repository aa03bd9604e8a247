// Package tasks names what can be asked of ordersync: payloads, task ids, queues, enqueue. It is
// for import by others: a Go shop that has ordersync's Redis or MySQL needs this package of ours
// and no other; one that has neither needs tasks/client alone.
//
// # Why a task names and does not carry
//
// The payload holds the order's id and why it was asked, never the order. A task that waited an
// hour still tells Douyin the newest state, and no personal data ages in Redis.
//
// # Why the id names the change
//
// asynq refuses a task whose id is in use, and an archived or retained task still uses its id. An
// id that named only the order would swallow every later change of it. So the id is
// "push:<order>:<revision>", and an empty revision is filled with a fresh one: two calls without a
// revision are two changes. Never asynq.Unique: its lock leaks together with a task id and outlives
// an archived task.
//
// # Why a trace travels in the task's headers
//
// Where the context of Enqueue has an OpenTelemetry span, the task carries its traceparent (W3C
// Trace Context) in asynq's headers, and what the worker does with it continues that trace. The
// payload and the id stay as they are. The span of the sending comes from whoever made the span in
// the context, so a shop's call is traced by the shop's own settings, and this package links
// OpenTelemetry's API and no SDK. Without a span nothing is carried and nothing is allocated.
//
// # Why money is asked for by an instruction
//
// A refund or a settlement is a row before it is a task: its developer number makes it one, whoever
// asks and however often, and the amount is checked against the payment where it can be locked. So
// Enqueue takes pushes alone: a Refund of a shop's own making does not compile there, for it would
// be queued and refused later. A Go shop writes RefundRequest.Row into the outbox, or sends it to
// the gateway by package tasks/client; the tasks Refund and Settle only name the row that stands. So it is with
// the shop's word on a refund that a buyer asked Douyin for: AuditRequest.Row, and Audit.
package tasks
