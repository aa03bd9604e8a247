package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// The pool: calls share statements, so a few connections carry hundreds of handlers.
const (
	maxConns        = 16
	connMaxLifetime = 3 * time.Minute // below every usual wait_timeout and load balancer idle limit
	dialTimeout     = 5 * time.Second
)

var errUnreadable = errors.New("store: the DSN cannot be read: want user:password@tcp(host:3306)/database")

// Option is how Open connects, beside what the DSN says.
type Option func(*mysql.Config)

// WithTLS encrypts every connection by c, whatever the DSN's tls says; nil: as that says.
func WithTLS(c *tls.Config) Option {
	return func(cfg *mysql.Config) {
		if c != nil {
			cfg.TLS, cfg.AllowFallbackToPlaintext = c, false
		}
	}
}

// Open prepares the connection pool of a MySQL 8 or MariaDB 10.6+ database from a go-sql-driver
// DSN. It does not connect: Ping does. parseTime, utf8mb4, clientFoundRows and interpolateParams
// are set whatever the DSN says.
//
// The DSN's loc (UTC when it names none) is the zone of the shop's DATETIME columns and texts, and
// of every session, so that TIMESTAMP columns are read right whatever the server's zone; our own
// tables are in UTC. A zone with summer time is known to a server by its name only where the time
// zone tables are loaded; without them the session has its offset of now, and TIMESTAMP columns
// that were written at the other time of year are read an hour off. A time_zone in the DSN may only
// say what loc says.
//
// Every session is READ COMMITTED and waits a second for a row and five for a table that somebody
// else has locked. No error of Open contains any part of the DSN.
func Open(dsn string, options ...Option) (*gorm.DB, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		// The driver's error may quote what it took for an address, which after a slip is the
		// password.
		return nil, errUnreadable
	}
	if cfg.DBName == "" {
		return nil, errors.New("store: the DSN names no database: want user:password@tcp(host:3306)/database")
	}
	loc, err := takeZone(cfg)
	if err != nil {
		return nil, err
	}
	cfg.ParseTime = true
	cfg.ClientFoundRows = true   // an UPDATE counts the rows it found, as SQLite does
	cfg.InterpolateParams = true // one round trip for a statement, whatever its number of rows
	cfg.Logger = &mysql.NopLogger{}
	for _, option := range options {
		option(cfg)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = dialTimeout
	}
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, errors.New("store: the DSN's charset cannot be set to utf8mb4")
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, errors.New("store: the DSN's options contradict each other")
	}
	pool := sql.OpenDB(sessions{connector, newSessionZone(loc)})
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	pool.SetConnMaxLifetime(connMaxLifetime)
	db, err := gorm.Open(gormmysql.New(gormmysql.Config{
		Conn:                      pool,
		DSNConfig:                 cfg,
		SkipInitializeWithVersion: true, // Open does not connect
		DisableWithReturning:      true, // on MariaDB it makes OnConflict{DoNothing} report a row that was not inserted
	}), GormConfig())
	if err != nil {
		return nil, err
	}
	return db, db.Use(shopZone{loc})
}

// sessions prepares every session, once, when it opens; for every transaction it would be round
// trips each.
//
// They are READ COMMITTED: with REPEATABLE READ a locking read of an absent row locks the gap, and
// two batches that insert deadlock. As a statement, because the variable has another name on MySQL
// 8 than on MariaDB before 11.1. And they wait for locks as long as lock.go says, not for InnoDB's
// 50 seconds and for a table's day: whoever shares a statement with a locked row would wait with
// it.
type sessions struct {
	driver.Connector
	zone *sessionZone
}

// patient marks the context of a migration: sessions that are opened for it wait longer.
type patient struct{}

func (c sessions) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	session, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(fmt.Errorf("store: a connection is a %T, which takes no statements", conn), conn.Close())
	}
	row, table := rowWait, tableWait
	if ctx.Value(patient{}) != nil {
		row, table = patientRowWait, patientTblWait
	}
	exec := func(ctx context.Context, statement string) error {
		_, err := session.ExecContext(ctx, statement, nil)
		return err
	}
	err = exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
	if err == nil {
		err = c.zone.set(ctx, fmt.Sprintf("SET SESSION innodb_lock_wait_timeout = %d, lock_wait_timeout = %d, ", row, table), exec)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// GormConfig is how every database of the store is opened: silent (the caller logs, once), no
// implicit transaction around single statements, no ping.
func GormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
	}
}

// Zone is the time zone of a shop's times: the DSN's loc, UTC where it names none. The error
// contains no part of the DSN.
func Zone(dsn string) (*time.Location, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errUnreadable
	}
	return cfg.Loc, nil
}

// Zone is that of the store's own database; UTC for an embedded one.
func (s *Store) Zone() *time.Location { return s.zone }
