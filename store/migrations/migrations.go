// Package migrations holds the versioned SQL files that create and upgrade our tables, one folder per
// database. Both folders hold the same versions; each file is applied once, in order, by
// pressly/goose. A released file is never edited. It is not for import by others: store.Migrate
// applies them.
package migrations

import "embed"

// Files holds mysql/*.sql and sqlite/*.sql.
//
//go:embed mysql/*.sql sqlite/*.sql
var Files embed.FS
