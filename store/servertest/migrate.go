package servertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"github.com/ordersync/ordersync/store"
)

// migrated are the statements that make our tables as the migrations left them, by the server.
var migrated struct {
	sync.Mutex
	by map[string][]string
}

// Migrate makes our tables. In the first database of each server it runs the migrations, in the
// others the statements that show what those have left: the race detector makes a migration of SQLite
// last half a second. A database that has some of our tables is migrated as it stands.
func Migrate(t testing.TB, s *store.Store, db *gorm.DB) {
	t.Helper()
	server := db.Name()
	if server != "sqlite" {
		if err := db.Raw("SELECT VERSION()").Row().Scan(&server); err != nil {
			t.Fatal(err)
		}
	}
	migrated.Lock()
	defer migrated.Unlock()
	statements := migrated.by[server]
	if len(ourTables(t, db)) == 0 && statements != nil {
		err := db.Transaction(func(tx *gorm.DB) error {
			for _, statement := range statements {
				if err := tx.Exec(statement).Error; err != nil {
					return fmt.Errorf("%s: %w", statement, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, err := s.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	if migrated.by == nil {
		migrated.by = map[string][]string{}
	}
	if statements == nil {
		migrated.by[server] = shown(t, db)
	}
}

// ourTables are the tables of a database that are called as ours are.
func ourTables(t testing.TB, db *gorm.DB) (tables []string) {
	t.Helper()
	all, err := db.Migrator().GetTables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range all {
		if strings.HasPrefix(table, "ordersync_") {
			tables = append(tables, table)
		}
	}
	return tables
}

// shown are the statements that make our tables as they are, and what the migrations have remembered
// of themselves.
func shown(t testing.TB, db *gorm.DB) (statements []string) {
	t.Helper()
	if db.Name() == "sqlite" {
		if err := db.Raw("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name LIKE 'ordersync!_%' ESCAPE '!' ORDER BY rowid").Scan(&statements).Error; err != nil {
			t.Fatal(err)
		}
	} else {
		for _, table := range ourTables(t, db) {
			var name, statement string
			if err := db.Raw("SHOW CREATE TABLE `"+table+"`").Row().Scan(&name, &statement); err != nil {
				t.Fatal(err)
			}
			statements = append(statements, statement)
		}
	}
	var applied []struct {
		ID, VersionID int64
		IsApplied     bool
	}
	if err := db.Raw("SELECT id, version_id, is_applied FROM ordersync_migration ORDER BY id").Scan(&applied).Error; err != nil {
		t.Fatal(err)
	}
	for _, a := range applied {
		statements = append(statements, fmt.Sprintf("INSERT INTO ordersync_migration (id, version_id, is_applied) VALUES (%d, %d, %t)", a.ID, a.VersionID, a.IsApplied))
	}
	return statements
}
