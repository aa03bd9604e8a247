// Package glance tells how the whole system is: processes, queues, Douyin, what waits, what failed.
// It is what `ordersync status` prints.
//
// # Why a part that does not answer is no error
//
// Whoever asks how it is most often asks because something is away. What could not be read is named
// in Missing, and everything else is told all the same.
package glance
