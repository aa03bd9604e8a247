package book

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever calls the gateway from Go has the docs of tasks/client alone: each exported name of it, fields
// too, says what it is.
func TestEveryNameOfTheGoClientIsExplained(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(tree, "tasks/client/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		explained := func(id *ast.Ident, docs ...*ast.CommentGroup) {
			if !id.IsExported() || id.Name == "Error" || id.Name == "Unwrap" || id.Name == "Is" { // as every error has them
				return
			}
			named++
			for _, doc := range docs {
				if strings.TrimSpace(doc.Text()) != "" {
					return
				}
			}
			t.Errorf("%s: nothing is said of %s", positions.Position(id.Pos()), id.Name)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				explained(decl.Name, decl.Doc)
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					explainSpec(spec, decl.Doc, explained)
				}
			}
		}
	}
	if named < 120 {
		t.Errorf("%d names only", named)
	}
}

func explainSpec(spec ast.Spec, above *ast.CommentGroup, explained func(*ast.Ident, ...*ast.CommentGroup)) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, id := range spec.Names {
			explained(id, above, spec.Doc, spec.Comment)
		}
	case *ast.TypeSpec:
		explained(spec.Name, above, spec.Doc)
		if fields, ok := spec.Type.(*ast.StructType); ok && spec.Name.IsExported() {
			for _, field := range fields.Fields.List {
				for _, id := range field.Names {
					explained(id, field.Doc, field.Comment)
				}
			}
		}
	}
}
