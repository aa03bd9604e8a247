package shop

import (
	"regexp"
	"strings"
)

// Misfit is a column whose type does not go with what the configuration says of it.
type Misfit struct {
	What, Cure string
	Minor      bool // orders travel all the same
}

// FloatCure is what doctor says of money in a float.
const FloatCure = "make the column DECIMAL(10,2): what a float holds is read to the fen where it can be, and an order is refused where it cannot (FLOAT from 131,072 yuan on)"

// Misfits compares the types of a SELECT's columns with shop.money and shop.time. A type that tells
// nothing, as that of an expression may, is none.
func (r *Reading) Misfits() []Misfit {
	var out []Misfit
	money := func(key, column string, t columnType) {
		switch {
		case t.float:
			out = append(out, Misfit{key + ": " + column + " is a float", FloatCure, true})
		case t.number && r.schema.Money == Yuan:
			out = append(out, Misfit{key + ": " + column + " is an integer, and shop.money is yuan", "set shop.money to fen if the column holds fen", false})
		case t.decimal && r.schema.Money == InFen:
			out = append(out, Misfit{key + ": " + column + " is a DECIMAL, and shop.money is fen", "set shop.money to yuan if the column holds yuan", false})
		}
	}
	money("shop.sql.order", "amount", r.order.types["amount"])
	if created := r.sweep.types["create_time"]; created.number && r.schema.Time == Datetime || created.datetime && r.schema.Time != Datetime {
		out = append(out, Misfit{"create_time is of another kind than shop.time says (" + string(r.schema.Time) + ")",
			"set shop.time to what the column holds: unix, unix_ms or datetime", false})
	}
	return out
}

// SampleIDs are an id for a statement that is only explained.
func (r *Reading) SampleIDs() []any { return sample(r.own.types["id"]) }

// SampleLineIDs are the same for LinesOf.
func (r *Reading) SampleLineIDs() []any { return sample(r.items.types["order_id"]) }

func sample(t columnType) []any {
	if t.number {
		return []any{1}
	}
	return []any{"1"}
}

var (
	tableOf = regexp.MustCompile("(?i)\\b(?:FROM|JOIN)\\s+([`\\w$.]+)(?:\\s+(?:AS\\s+)?([`\\w$]+))?")
	words   = map[string]bool{"LEFT": true, "RIGHT": true, "INNER": true, "CROSS": true, "JOIN": true, "STRAIGHT_JOIN": true, "ON": true, "USING": true,
		"WHERE": true, "GROUP": true, "ORDER": true, "HAVING": true, "LIMIT": true, "UNION": true, "NATURAL": true, "FORCE": true, "USE": true, "IGNORE": true}
)

// BaseTable is the table that a SELECT calls alias; alias itself where it cannot be told.
func BaseTable(text, alias string) string {
	for _, m := range tableOf.FindAllStringSubmatch(text, -1) {
		name := m[2]
		if name == "" || words[strings.ToUpper(name)] {
			name = m[1]
		}
		if strings.EqualFold(strings.Trim(name, "`"), alias) {
			return strings.Trim(m[1], "`")
		}
	}
	return alias
}

// IndexColumn is the column of alias by which a SELECT finds rows: that which it calls timeColumn, where
// it is read by one, or one that it compares with a column of another table; empty where it cannot be
// told.
func IndexColumn(text, alias, timeColumn string) string {
	a := "\\b" + regexp.QuoteMeta(alias) + "\\.([`\\w$]+)"
	other := "[`\\w$]+\\.[`\\w$]+"
	patterns := []string{a + "\\s*=\\s*" + other, other + "\\s*=\\s*" + a}
	if timeColumn != "" {
		patterns = append([]string{a + "\\s+(?:AS\\s+)?" + timeColumn + "\\b", a[:len(a)-len("([`\\w$]+)")] + "(" + timeColumn + ")\\b"}, patterns...)
	}
	for _, pattern := range patterns {
		if m := regexp.MustCompile("(?i)" + pattern).FindStringSubmatch(text); m != nil {
			return strings.Trim(m[1], "`")
		}
	}
	return ""
}
