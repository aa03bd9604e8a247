package store

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

// readCharsets reads the character sets of the order table's key and number. SQLite compares any text with any other.
func (s *Store) readCharsets(ctx context.Context, t *shopTypes) error {
	if s.sql.sqlite {
		return nil
	}
	c := s.schema.Columns
	table := s.schema.Tables.Order
	where, args := "DATABASE()", []any{table, c.ID, c.OrderNo}
	if database, name, qualified := strings.Cut(table, "."); qualified {
		where, args = "?", []any{database, name, c.ID, c.OrderNo}
	}
	rows, err := s.db.WithContext(ctx).Raw("SELECT `column_name`, `character_set_name` FROM `information_schema`.`columns`"+
		" WHERE `table_schema` = "+where+" AND `table_name` = ? AND `column_name` IN (?, ?)", args...).Rows()
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
			t.id = charset(set.String)
		}
		if strings.EqualFold(column, c.OrderNo) {
			t.orderNo = charset(set.String)
		}
	}
	return rows.Err()
}
