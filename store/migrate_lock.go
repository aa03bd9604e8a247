package store

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

// migrationLock is the server's name for "somebody migrates this database": names are the server's,
// so the database's own name is in it.
//
// # Why MD5, and why made here
//
// Every version of ordersync has to take the same lock: while a new one is rolled out, an old one
// may be migrating. The first versions let the server make CONCAT('ordersync_migrate_',
// MD5(DATABASE())), and MySQL 9.6 has no MD5() any more. So the same bytes are made on this side,
// and SHA2() in its place would be another name: two processes would migrate at once. The name is
// no secret and nobody gains by a second database with the same hash: the two would wait for each
// other.
func migrationLock(database string) string {
	sum := md5.Sum([]byte(database))
	return "ordersync_migrate_" + hex.EncodeToString(sum[:])
}

// lockMigrations holds GET_LOCK on a connection of its own. goose's own lockers were measured and
// left: they take seconds a round or fail in a race for the version table. SQLite needs none: it
// lives in one process.
func (s *Store) lockMigrations(ctx context.Context) (release func() error, err error) {
	if s.sql.sqlite {
		s.migrating.Lock()
		return func() error { s.migrating.Unlock(); return nil }, nil
	}
	pool, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var database string
	var got sql.NullInt64
	err = conn.QueryRowContext(ctx, "SELECT DATABASE()").Scan(&database)
	if err == nil {
		err = conn.QueryRowContext(
			ctx,
			"SELECT GET_LOCK(?, ?)",
			migrationLock(database),
			migrationWait,
		).Scan(
			&got,
		)
	}
	if err == nil && got.Int64 != 1 {
		err = fmt.Errorf("another process has been migrating for %d seconds", migrationWait)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return func() error {
		// The lock also goes with the connection, so an ended ctx does not leave it behind for
		// long.
		_, err := conn.ExecContext(
			context.WithoutCancel(ctx),
			"DO RELEASE_LOCK(?)",
			migrationLock(database),
		)
		return errors.Join(err, conn.Close())
	}, nil
}
