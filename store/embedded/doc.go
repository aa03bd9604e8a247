// Package embedded is the database in a box, for tests, the demo and dev, on a machine that has nothing
// but Go: pure-Go SQLite, in memory or in a file. Production never links it.
//
// # Why SQLite in memory through the memdb VFS
//
// Connections of one pool must see one database. SQLite's older way, cache=shared, answers a busy table with SQLITE_LOCKED
// at once and ignores busy_timeout; the memdb VFS locks like a file does, so a writer waits for its turn. Transactions begin
// immediate: in the default mode one that reads and then writes fails when another writer came between.
//
// # Why money is TEXT here
//
// SQLite has no DECIMAL: a column declared so holds floats, and 0.07 yuan would come back as something near it. The
// embedded shop declares money as TEXT and the store reads it exactly, as it reads MySQL's DECIMAL.
package embedded
