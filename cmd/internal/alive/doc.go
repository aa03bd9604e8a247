// Package alive keeps the signs of life of all processes of one deployment in Redis: who runs, in
// which version, and what its breakers are. Only cmd uses it.
//
//	beat := &alive.Beat{Redis: client, Describe: describe}
//	go beat.Run(ctx)
//	all, err := alive.Read(ctx, client)
//
// # Why one hash, and times by Redis' clock
//
// A page reads all processes in one round trip, on a cluster too, where a search for keys would have
// to ask every node. The clock of Redis is one for all: hosts' clocks differ, and a sign of life
// that seems to be from the future would seem to last for ever.
//
// # Why a field outlives its process
//
// "No scheduler runs" is half of what an operator wants to know, "the last one was seen three
// minutes ago" is all of it. So whoever is killed leaves its field behind for a day. Whoever ends in
// good order takes it along, or each deploy would leave a dozen behind.
package alive
