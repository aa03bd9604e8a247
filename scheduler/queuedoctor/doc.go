// Package queuedoctor watches the health of asynq v0.26's own keys, queue by queue, repairs what is
// safe and reports the rest. Others may import it for queues of their own. The tests make each of
// these faults on purpose:
//
//	fault        what stands in Redis                             what it does                             what is done
//	ghost        an id in a list whose task is gone               counting the queue fails; asynqmon's     the id is removed, the second
//	                                                              pages turn into errors                   time it is seen
//	unleased     an active task without a lease                   nobody ever takes it up again            it gets a lease that ends now
//	undecodable  a message that is not asynq's                    switches off crash recovery for every    moved to ordersync:quarantine
//	                                                              queue of a server
//	misfiled     a message that names another task or queue       its task never ends                      only reported
//	overfull     an archive of more than 5,000 tasks              archiving fails half-way near 8,000      the oldest are deleted
//
// # Why the doctor may run beside servers, and beside other doctors
//
// Every repair is one script that looks again and then acts, so a task that moved on since it was
// read is left alone. A ghost and a missing lease must also be seen in two checks. The lease that
// is given ends now, and asynq takes a task up half a minute after its lease has ended: a worker
// that is alive after all extends it before that, with its next heartbeat.
//
// # Why the archive may be trimmed
//
// MySQL is the truth: what was refused or given up stands there, and the sweep and the operators'
// pages work from there.
//
// # Why messages are decoded with asynq's own type
//
// What counts is whether asynq can decode them, its rules for UTF-8 included. Its generated type is
// registered with the protobuf library by name, so the very same code decides.
package queuedoctor
