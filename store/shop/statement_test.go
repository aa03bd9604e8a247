package shop

import (
	"strings"
	"testing"
)

func TestWhatIsASingleSELECT(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":                                              "SELECT 1",
		" select id from t ; ":                                  "select id from t",
		"SELECT 1 -- the end":                                   "SELECT 1",
		"# first\nSELECT 1\n":                                   "SELECT 1",
		"SELECT /* ; ? */ 1":                                    "SELECT   1",
		"SELECT /*+ NO_MERGE(t) */ 1":                           "SELECT /*+ NO_MERGE(t) */ 1",
		"SELECT ';', \"?\", `a;b`, 'it''s \\' ;'":               "SELECT ';', \"?\", `a;b`, 'it''s \\' ;'",
		"WITH a AS (SELECT 1) SELECT * FROM a":                  "WITH a AS (SELECT 1) SELECT * FROM a",
		"SELECT (SELECT x FROM y ORDER BY z LIMIT 1) FROM t":    "SELECT (SELECT x FROM y ORDER BY z LIMIT 1) FROM t",
		"SELECT ROW_NUMBER() OVER (ORDER BY a) FROM t":          "SELECT ROW_NUMBER() OVER (ORDER BY a) FROM t",
		"SELECT o.limit, o. fetch FROM t o WHERE o.lock IN (1)": "SELECT o.limit, o. fetch FROM t o WHERE o.lock IN (1)",
		"SELECT a UNION ALL SELECT b":                           "SELECT a UNION ALL SELECT b",
	} {
		if got, err := bare(text); err != nil || got != want {
			t.Errorf("%s\ngot  %q, %v\nwant %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                    "no SELECT",
		"UPDATE t SET a = 1":                  "no SELECT",
		"(SELECT 1)":                          "no SELECT",
		"SELECT 1; DROP TABLE t":              "more than one statement",
		"SELECT 1;;":                          "more than one statement",
		"SELECT 1 FROM t WHERE a = ?":         "placeholder",
		"SELECT 1 FROM t ORDER BY a":          "ORDER BY",
		"SELECT 1 FROM t order\n by a":        "ORDER BY",
		"SELECT 1 FROM t LIMIT 5":             "LIMIT",
		"SELECT 1 FROM t FOR UPDATE":          "locks",
		"SELECT (SELECT 1 FROM t FOR UPDATE)": "locks",
		"SELECT 1 FROM t LOCK IN SHARE MODE":  "locks",
		"SELECT 1 INTO OUTFILE '/tmp/x'":      "INTO",
		"SELECT 1) o; DROP TABLE t -- ":       "closes a bracket",
		"SELECT (1":                           "opens a bracket",
		"SELECT 'a":                           "not closed",
		"SELECT /* a":                         "does not end",
		"SELECT /*!50000 1 */":                "the server runs",
	} {
		if got, err := bare(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot %q, %v; want an error about %q", text, got, err, want)
		}
	}
}
