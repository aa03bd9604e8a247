package shop

import "testing"

func TestTheBaseTableAndItsColumnAreFoundInTheText(t *testing.T) {
	const text = "SELECT o.id, o.`add_time` AS create_time, o.updated_at FROM sxo_order o JOIN `sxo_pay` AS l ON l.order_no = o.no LEFT JOIN user u ON o.uid = u.id WHERE u.x = 1"
	for _, c := range []struct{ alias, time, table, column string }{
		{"o", "create_time", "sxo_order", "add_time"}, {"o", "updated_at", "sxo_order", "updated_at"},
		{"l", "", "sxo_pay", "order_no"}, {"u", "", "user", "id"}, {"z", "", "z", ""},
	} {
		if table, column := BaseTable(text, c.alias), IndexColumn(text, c.alias, c.time); table != c.table || column != c.column {
			t.Errorf("%s: %s (%s), want %s (%s)", c.alias, table, column, c.table, c.column)
		}
	}
}
