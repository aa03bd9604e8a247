package store

import (
	"database/sql"
	"errors"
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

// Open prepares the connection pool of a MySQL 8 or MariaDB 10.6+ database from a go-sql-driver DSN. It does not connect:
// Ping does. parseTime, utf8mb4, clientFoundRows and interpolateParams are set whatever the DSN says; DATETIME columns are
// in the DSN's loc (UTC when it names none). No error of Open contains any part of the DSN.
func Open(dsn string) (*gorm.DB, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		// The driver's error may quote what it took for an address, which after a slip is the password.
		return nil, errUnreadable
	}
	if cfg.DBName == "" {
		return nil, errors.New("store: the DSN names no database: want user:password@tcp(host:3306)/database")
	}
	cfg.ParseTime = true
	cfg.ClientFoundRows = true   // an UPDATE counts the rows it found, as SQLite does
	cfg.InterpolateParams = true // one round trip for a statement, whatever its number of rows
	cfg.Logger = &mysql.NopLogger{}
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
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	pool.SetConnMaxLifetime(connMaxLifetime)
	return gorm.Open(gormmysql.New(gormmysql.Config{
		Conn:                      pool,
		DSNConfig:                 cfg,
		SkipInitializeWithVersion: true, // Open does not connect
		DisableWithReturning:      true, // on MariaDB it makes OnConflict{DoNothing} report a row that was not inserted
	}), GormConfig())
}

// GormConfig is how every database of the store is opened: silent (the caller logs, once), no implicit transaction around
// single statements, no ping.
func GormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
	}
}

// Zone is the time zone of a shop's database: the DSN's loc, UTC where it names none. The error contains no part of the DSN.
func Zone(dsn string) (*time.Location, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errUnreadable
	}
	return cfg.Loc, nil
}
