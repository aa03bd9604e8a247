// Package servertest, not for import by others, gives our tests a database and a Redis of their own:
// real private servers where mariadbd and redis-server are installed, embedded ones (SQLite in
// memory, miniredis) where they are not, so that `go test ./...` passes on a machine with nothing but
// Go.
//
// With ORDERSYNC_TEST_SERVERS=required a missing server fails the test that asks for it, in one line. No test is skipped.
//
//	db := servertest.DB(t)            // empty database, MariaDB or SQLite
//	servertest.CreateShop(t, db)      // order, dy_user, product, course
//	servertest.Migrate(t, s, db)      // our tables, as the migrations make them
//	rdb := servertest.Redis(t)        // empty Redis database; rdb.Options() has the address and the number
//	servertest.EachDB(t, func(t *testing.T, db *gorm.DB) { … })          // the same test on every back end
//	servertest.EachRedis(t, func(t *testing.T, rdb redis.UniversalClient) { … })
//	dsn := servertest.MySQLDSN(t)     // for a process of ours; "" where mariadbd is missing
//	addr := servertest.RedisAddr(t)   // host:port of a Redis of this test alone
//	r := servertest.StartRedis(t)     // r.Kill(), r.Restart()
//	s, certs := servertest.StartTLSRedis(t) // TLS only, with files for the configuration; this and the next are nil where redis-server is missing
//	g := servertest.StartSentinels(t) // a master, a replica and three sentinels: g.KillMaster()
//	c := servertest.StartCluster(t)   // three masters
//	db, path := servertest.SQLiteFile(t) // SQLite that processes of ours open too
//	if !servertest.Long(t) { return } // a test that takes its time
//	m := servertest.StartMySQL(t)     // m.Kill(), m.Restart(); nil where mariadbd is missing
//	m = servertest.StartMySQLD(t)     // the same of MySQL itself; nil where ORDERSYNC_TEST_MYSQLD names no mysqld
//	servertest.EachTLSMySQL(t, func(t *testing.T, s *servertest.TLSMySQL) { … }) // with users that must encrypt
//
// ORDERSYNC_TEST_MARIADBD and ORDERSYNC_TEST_REDIS_SERVER name other versions than those on the PATH (a Valkey, say).
//
// # Why a reaper
//
// A test binary ends in many ways: a panic, a time-out, a signal, kill -9. None of them may leave a server behind. Each
// server gets a small shell process that reads a pipe held open by the test process alone. When that process is gone, however
// it went, the pipe closes and the reaper kills the server and removes its directory.
//
// # Why servers keep their files in memory
//
// MariaDB waits for the disk with every table that it makes, and each test has a database of its
// own: on /dev/shm the tests of the store take a tenth of the time. What a killed server has
// written is there when it comes back, as on a disk. TMPDIR names another folder.
//
// # Why a cluster is among the back ends of EachRedis
//
// A script, a transaction or a command over keys of two nodes works everywhere but there (CROSSSLOT). Sentinel, TLS and users
// change the way to Redis and not what may be asked of it, so whole processes are tried on them, in cmd/internal/journeys.
//
// # Why MariaDB starts from an empty directory
//
// With --skip-grant-tables mariadbd needs no system tables, so there is nothing to install first and it answers in some 70 ms.
// The sql_mode is MySQL 8's default, which is stricter than MariaDB's: it refuses a zero date.
package servertest
