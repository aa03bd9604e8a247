package pages

import "testing"

// A code below zero was a text in the spreadsheet, and what a Chinese or Japanese one takes for a
// formula was one.
func TestWhatASpreadsheetTakesForAFormulaIsAText(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"": "", "12": "12", "-5": "-5", "-1.50": "-1.50", "+8.1e3": "+8.1e3", "R-1": "R-1", "中文": "中文",
		"=1+1": "'=1+1", "-1+1": "'-1+1", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠a": "'＠a", "-": "'-",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q became %q, want %q", cell, got, want)
		}
	}
}
