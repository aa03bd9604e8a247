package servertest

import (
	"context"
	"path/filepath"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store/embedded"
)

// DB is a fresh, empty database: MariaDB where it is installed, else SQLite in memory. It is closed when the test ends.
func DB(t testing.TB) *gorm.DB {
	t.Helper()
	if dsn := MySQLDSN(t); dsn != "" {
		return mysqlDB(t, dsn)
	}
	return SQLite(t)
}

func mysqlDB(t testing.TB, dsn string) *gorm.DB {
	t.Helper()
	db := open(t, dsn)
	t.Cleanup(func() { closeDB(db) })
	return db
}

// SQLite is a fresh, empty embedded database.
func SQLite(t testing.TB) *gorm.DB {
	t.Helper()
	db, err := embedded.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDB(db) })
	return db
}

// SQLiteFile is SQLite in a file of the test's own, which processes of ours open by its path
// (embedded.OpenFile).
func SQLiteFile(t testing.TB) (db *gorm.DB, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ordersync.sqlite")
	db, err := embedded.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDB(db) })
	return db, path
}

// EachDB runs test on every back end: always on SQLite, on MariaDB where it is usable, and on MySQL where
// ORDERSYNC_TEST_MYSQLD names a mysqld.
func EachDB(t *testing.T, test func(t *testing.T, db *gorm.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	if _, ok := need(t, mariadbd); ok {
		t.Run("mariadb", func(t *testing.T) { test(t, mysqlDB(t, MySQLDSN(t))) })
	}
	if dsn := mysqldDSN(t); dsn != "" {
		t.Run("mysql", func(t *testing.T) { test(t, mysqlDB(t, dsn)) })
	}
}

// mysqlShop is the schema that the PHP class reads.
var mysqlShop = []string{
	"CREATE TABLE `order` (" +
		"`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY," +
		"`uid` BIGINT UNSIGNED NOT NULL," +
		"`product_id` BIGINT UNSIGNED NOT NULL," +
		"`course_id` BIGINT UNSIGNED NOT NULL," +
		"`price` DECIMAL(10,2) NOT NULL," +
		"`amount` DECIMAL(10,2) NOT NULL," +
		"`create_time` INT UNSIGNED NOT NULL," +
		"`sn` VARCHAR(64) NOT NULL DEFAULT ''," +
		"`third_order_num` VARCHAR(64) NULL," +
		"`status` TINYINT NOT NULL DEFAULT 1," +
		"`updated_at` DATETIME NULL," +
		"KEY `create_time` (`create_time`)," +
		"KEY `updated_at` (`updated_at`)" +
		") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	"CREATE TABLE `dy_user` (`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, `openid` VARCHAR(128) NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	"CREATE TABLE `product` (`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, `cover_img` VARCHAR(512) NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	"CREATE TABLE `course` (`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` VARCHAR(255) NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
}

// CreateShop makes the shop's tables as the PHP class knows them (order, dy_user, product, course), on either back end. Money
// is yuan, create_time unix seconds; updated_at is there for tests that use it and may stay NULL.
func CreateShop(t testing.TB, db *gorm.DB) {
	t.Helper()
	if db.Name() == "sqlite" {
		if err := embedded.CreateShop(context.Background(), db); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, statement := range mysqlShop {
		if err := db.Exec(statement).Error; err != nil {
			t.Fatalf("create shop: %v", err)
		}
	}
}
