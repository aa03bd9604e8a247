package dev

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"gorm.io/gorm"

	"github.com/ordersync/ordersync/cmd/internal/playground"
	"github.com/ordersync/ordersync/cmd/internal/sampleshop"
	"github.com/ordersync/ordersync/store/embedded"
)

// The files of the folder.
const (
	databaseFile = "shop.sqlite"
	entriesFile  = "entries.json"
	douyinFile   = "douyin.sqlite"
	lockFile     = "lock"
	earlierFile  = "douyin.json" // of earlier builds
)

// Result codes of SQLite (sqlite.org/rescode.html) for a file whose content is spoilt.
const (
	sqliteCorrupt      = 11
	sqliteNotADatabase = 26
)

// InUseError is a folder that another process has.
type InUseError struct{ Dir string }

// Error says which folder, and what to do.
func (e *InUseError) Error() string {
	return fmt.Sprintf("%s is in use: end the ordersync dev that runs on it, or name another folder with --dir", e.Dir)
}

// entries open the doors of one folder's deployment.
type entries struct {
	Token    string          `json:"token"`    // of the gateway's API
	Password string          `json:"password"` // of the operators' pages
	Keys     playground.Keys `json:"keys"`
}

// folder is where the state is kept.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// take makes the folder where it is missing, and takes it for this process until leave is called. The
// operating system lets go of what a process had when it ends, however it ends. Error: *InUseError.
func (f folder) take() (leave func(), err error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(f.path(lockFile))
	switch ours, err := lock.TryLock(); {
	case err != nil:
		return nil, err
	case !ours:
		return nil, &InUseError{string(f)}
	}
	return func() { _ = lock.Unlock() }, nil // the process ends: an error would change nothing
}

// entries reads the entries, and makes them where there are none.
func (f folder) entries() (e entries, err error) {
	raw, err := os.ReadFile(f.path(entriesFile))
	switch {
	case err == nil:
		if err := json.Unmarshal(raw, &e); err != nil {
			return e, fmt.Errorf("%s does not parse: %w; remove the folder to begin anew", f.path(entriesFile), err)
		}
		if e.Token == "" || e.Password == "" || e.Keys.App == nil || e.Keys.Platform == nil {
			return e, fmt.Errorf("%s lacks the token, the password or the keys; remove the folder to begin anew", f.path(entriesFile))
		}
		return e, nil
	case !errors.Is(err, fs.ErrNotExist):
		return e, err
	}
	e = entries{Token: rand.Text(), Password: playground.NewPassword()}
	if e.Keys, err = playground.NewKeys(); err != nil {
		return e, err
	}
	if raw, err = json.Marshal(e); err != nil { //nolint:gosec // into a file that its owner alone can read
		return e, err
	}
	return e, f.write(entriesFile, raw)
}

// write replaces a file as a whole.
func (f folder) write(name string, content []byte) error {
	next := f.path(name + ".new")
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, f.path(name))
}

// shop opens the database, with a sample shop in it.
func (f folder) shop(ctx context.Context) (db *gorm.DB, shop *sampleshop.Shop, err error) {
	if db, err = embedded.OpenFile(f.path(databaseFile)); err != nil {
		return nil, nil, f.spoilt(databaseFile, err)
	}
	shop, err = sampleshop.Open(ctx, db, "")
	return db, shop, err
}

// current refuses a folder of an earlier build: Douyin's numbers, which stand in the shop's tables,
// would come again.
func (f folder) current() error {
	if _, err := os.Stat(f.path(earlierFile)); err == nil {
		return fmt.Errorf("%s is of an earlier build; remove the folder to begin anew", f.path(earlierFile))
	}
	return nil
}

// spoilt is what to say of a file that cannot be used. Removing the folder is no cure for one that
// is whole, and cannot be opened or written.
func (f folder) spoilt(name string, err error) error {
	var sqlite interface{ Code() int } // an extended result code: the primary one is its last byte
	if errors.As(err, &sqlite) && sqlite.Code()&0xff != sqliteCorrupt && sqlite.Code()&0xff != sqliteNotADatabase {
		return fmt.Errorf("%s: %w", f.path(name), err)
	}
	return fmt.Errorf("%s: %w; remove the folder to begin anew", f.path(name), err)
}
