// Package migrations, not for import by others, holds the versioned SQL files that create and upgrade
// our tables, one folder for each database; store.Store.Migrate applies them. Both folders hold the
// same versions; each file is applied once, in order, by pressly/goose. A released file is never
// edited.
package migrations

import "embed"

// Files holds mysql/*.sql and sqlite/*.sql.
//
//go:embed mysql/*.sql sqlite/*.sql
var Files embed.FS
