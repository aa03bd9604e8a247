package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"testing"
)

// recorders are the rooms whose texts reach MySQL or Redis, where a person reads them later: each
// error can become the message of a row. All packages below are looked through, new ones too.
var recorders = []string{"../../../store", "../../../worker", "../../../scheduler", "../../../tasks", "../../../douyin", "../desk", "../assembly"}

// notRecorded are packages below the recorders that write nothing down.
var notRecorded = map[string]string{
	"../../../store/cell":            "its Parse says what it made in Chinese",
	"../../../store/embedded":        "a database for the demo and the tests",
	"../../../store/migrations":      "SQL",
	"../../../store/servertest":      "servers for tests",
	"../../../scheduler/queuedoctor": "it writes to the log",
	"../../../tasks/client":          "it runs in the shop's programs, and answers them",
	"../../../tasks/gateway":         "it answers programs, in English; what it refuses is no row",
	"../../../tasks/php":             "PHP",
	"../../../douyin/simulator":      "it is Douyin's side",
}

// recordedFrom are the files of the recorders, as one pattern for each package.
func recordedFrom(t *testing.T) (globs []string) {
	t.Helper()
	passed := map[string]bool{}
	for _, root := range recorders {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			path = filepath.ToSlash(path)
			switch {
			case err != nil || !d.IsDir():
				return err
			case notRecorded[path] != "":
				passed[path] = true
				return fs.SkipDir
			case d.Name() == "testdata":
				return fs.SkipDir
			}
			if files, _ := filepath.Glob(path + "/*.go"); len(files) > 0 {
				globs = append(globs, path+"/*.go")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for path := range notRecorded {
		if !passed[path] {
			t.Errorf("%s is left out, and is not there", path)
		}
	}
	return globs
}

// ownWords are the types of store whose values stand alone in a hole, with a text that has each.
var ownWords = map[string]string{
	"AuditState": "the shop said %s, and Douyin has it as %s",
	"AuditWord":  "the shop said %s, and Douyin has it as %s",
	"System":     "%s of %s is about it, and it is of %s",
	"Money":      "store: due %ss: %v",
}

func TestEveryWordOfOursThatStandsAloneIsATerm(t *testing.T) {
	files, err := filepath.Glob("../../../store/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			of, _ := spec.Type.(*ast.Ident)
			if of == nil || ownWords[of.Name] == "" {
				return true
			}
			for _, v := range spec.Values {
				word, literal := textOf(v)
				if found[of.Name]++; literal && terms[ownWords[of.Name]][word] == "" {
					t.Errorf("%q, a %s, has no Chinese among the terms of %q", word, of.Name, ownWords[of.Name])
				}
			}
			return true
		})
	}
	for name := range ownWords {
		if found[name] < 2 {
			t.Errorf("store has %d words of the type %s", found[name], name)
		}
	}
}
