package shop

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charset is the character set of a text column of the shop's, by MySQL's name; empty: any text may stand there, or it is no
// text. A comparison with text that the set cannot hold is an error for all that share the statement, and finds nothing anyway.
type charset string

// holds tells whether the column may hold s. Where only the server could tell, it says yes.
func (c charset) holds(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r >= utf8.RuneSelf && !c.holdsRune(r) { // all sets hold ASCII
			return false
		}
	}
	return true
}

func (c charset) holdsRune(r rune) bool {
	switch c {
	case "", "utf8mb4", "utf16", "utf16le", "utf32", "gb18030", "binary":
		return true
	case "ascii":
		return false
	case "latin1": // by this name MySQL means Windows' code page 1252, without holes
		_, ok := charmap.Windows1252.EncodeRune(r)
		return ok || r <= 0xFF
	}
	return r <= 0xFFFF
}

// readCharsets reads the character sets of the order table's key and number.
func (r *Reading) readCharsets(ctx context.Context, db Querier) error {
	c := r.schema.Columns
	table := r.schema.Tables.Order
	where, args := "DATABASE()", []any{table, c.ID, c.OrderNo}
	if database, name, qualified := strings.Cut(table, "."); qualified {
		where, args = "?", []any{database, name, c.ID, c.OrderNo}
	}
	rows, err := db.QueryContext(ctx, "SELECT `column_name`, `character_set_name` FROM `information_schema`.`columns`"+
		" WHERE `table_schema` = "+where+" AND `table_name` = ? AND `column_name` IN (?, ?)", args...)
	if err != nil {
		return fmt.Errorf("character sets: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var column string
		var set sql.NullString
		if err := rows.Scan(&column, &set); err != nil {
			return fmt.Errorf("character sets: %w", err)
		}
		if strings.EqualFold(column, c.ID) {
			r.idSet = charset(set.String)
		}
		if strings.EqualFold(column, c.OrderNo) {
			r.orderNoSet = charset(set.String)
		}
	}
	return rows.Err()
}
