package store

import "testing"

// A printed script is the Up half only, and its client has to know where a statement with
// semicolons of its own ends.
func TestUpHalf(t *testing.T) {
	const file = "-- a word before\n-- +goose Up\nCREATE TABLE a (n INT);\n-- +goose StatementBegin\n" +
		"CREATE TRIGGER b BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.n = 1; END\n-- +goose StatementEnd\n" +
		"\n-- +goose Down\nDROP TABLE a;\n"
	const want = "CREATE TABLE a (n INT);\nDELIMITER $$\n" +
		"CREATE TRIGGER b BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.n = 1; END\n$$\nDELIMITER ;\n\n"
	if got, err := upHalf(file); err != nil || got != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	if _, err := upHalf("-- +goose Up\n-- +goose ENVSUB ON\nDROP TABLE ${A};\n"); err == nil {
		t.Error("a mark that only goose understands is printed as if it were none")
	}
}
