package shop

// Misfit is a column whose type does not go with what the configuration says of it.
type Misfit struct {
	What, Cure string // what was found, and what to do
	Minor      bool   // orders travel all the same
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

// Marker is a key that no shop has. Beside it, an explained statement names the column that finds its
// rows.
const Marker = "918273645"

// SampleIDs are two ids for a statement that is only explained: a single one, which is not there, would
// end the plan at once.
func (r *Reading) SampleIDs() []any { return sample(r.own.types["id"]) }

// SampleLineIDs are the same for LinesOf.
func (r *Reading) SampleLineIDs() []any { return sample(r.items.types["order_id"]) }

func sample(t columnType) []any {
	if t.number {
		return []any{918273645, 918273646}
	}
	return []any{Marker, "918273646"}
}
