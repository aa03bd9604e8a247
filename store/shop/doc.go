// Package shop is the one reading of a shop: it makes statements out of what the configuration says
// of the shop's tables, and orders out of their rows. Package store runs the statements, joined with
// what it knows of Douyin's side. Only store and its back rooms import this package.
//
// # Why one reading for two descriptions
//
// A shop is described by names, in Tables and Columns, or by SELECTs of its own. Both become a
// source: what stands behind FROM, and an expression for each of our columns. Everything behind that
// is written once: `SELECT <columns> FROM <source> o WHERE <id> IN (…)`, and a Row that becomes an
// Order. A SELECT stands in brackets behind FROM; MySQL and MariaDB merge it into the statement
// around it wherever it is plain enough, so the key and the indexes of its tables are used. The
// names become the tables themselves and their joins: that is what the servers would make of it
// anyway, and it costs no parsing.
//
// # Why the database is asked before the first row is read
//
// Open reads the names and types of the columns from an empty result. The type of a key decides how
// ids are bound: a number against a text key reads the whole table, and a text against a number is
// compared as a floating point number. A column that a SELECT does not answer reads as absent, and
// one that nobody knows is a slip to be named.
//
// # What whoever pushed sees when he looks again
//
// While Douyin is asked, the order may change, so its row is read once more behind the answer. By
// names that is the order's own row alone: the rows of its user, product and course change rarely,
// and joins would cost as much as the load. By SELECTs it is all that the SELECT answers, an openid
// or a title too, for the statement is the same. Lines with rows of their own are not read again:
// that would be one more statement for every batch. A shop that writes an order's lines behind the
// order itself changes the order's updated_at with them.
//
// # Why two rows are an error
//
// A join may yield two rows for one order, and either could be meant. What cannot be told is not
// guessed: the order is refused, with what the rows differ in.
package shop
