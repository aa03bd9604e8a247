package embedded

import (
	"os"
	"path/filepath"
	"testing"
)

// A database is made in the file that its path names: a relative one begins in the current folder,
// and no letter of it has a meaning to SQLite.
func TestAFileIsWhereItsPathSays(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{
		"shop.sqlite", "sub/shop.sqlite", "./sub/other.sqlite", "sub/../up.sqlite", "a b%20c?d#e&f=g.sqlite", "商城.sqlite", filepath.Join(t.TempDir(), "shop.sqlite"),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		db, err := OpenFile(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if err := db.Exec("CREATE TABLE seen (n INTEGER)").Error; err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if pool, err := db.DB(); err != nil || pool.Close() != nil {
			t.Errorf("%s: the pool: %v", path, err)
		}
		if made, err := os.Stat(path); err != nil || made.Size() == 0 {
			t.Errorf("%s: nothing is there: %v", path, err)
		}
	}
}
