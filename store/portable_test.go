package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// lacking is SQL that one of the servers does not know: MySQL 5.7, MariaDB 10.3, or a newer one that
// has dropped it (MySQL 9.6 MD5 and SHA1). SKIP LOCKED has its own ways without it.
var lacking = regexp.MustCompile(`(?i)\b(MD5|SHA1|SHA|PASSWORD|ANY_VALUE|REGEXP_LIKE|JSON_TABLE|JSON_ARRAYAGG|JSON_OBJECTAGG|UUID_TO_BIN|GROUPING) ?\(|` +
	`\bOVER ?\(|\bWITH (RECURSIVE )?\w+ (\(|AS)|\bLATERAL\b|\bVALUES ROW\b|\bRETURNING\b|\bNOWAIT\b|\bFOR SHARE\b|\bAS new\b|->|\bINTERSECT\b|\bEXCEPT\b|` +
	`\bRENAME (COLUMN|INDEX|KEY)\b|\bDEFAULT \(|\bINVISIBLE\b|utf8mb4_0900|\bALGORITHM ?= ?INSTANT\b`)

func TestOurSQLIsWhatEveryServerKnows(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literals := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				literals++
				if found := lacking.FindString(text.Value); found != "" {
					t.Errorf("%s: %q is not known everywhere: %s", file, found, text.Value)
				}
			}
			return true
		})
	}
	scripts, err := filepath.Glob("migrations/mysql/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if literals < 1000 || len(scripts) < 9 {
		t.Fatalf("%d literals and %d migrations were looked at", literals, len(scripts))
	}
	comment := regexp.MustCompile(`--.*`)
	for _, file := range scripts {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := lacking.Find(comment.ReplaceAll(script, nil)); found != nil {
			t.Errorf("%s: %q is not known everywhere", file, found)
		}
	}
}
