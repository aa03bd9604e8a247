package pages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var (
	inTemplate   = regexp.MustCompile(`\.T ("(?:[^"\\]|\\.)*")`)
	manyTemplate = regexp.MustCompile(`\.Many (?:\([^)]*\)|[^ "]+) ("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")`)
)

// textsOfTheProgram are the texts of the word list that stand in the program: arguments of T and of what calls it, fields called
// title, problems, and the tables of names.
func textsOfTheProgram(t *testing.T) map[string]bool {
	t.Helper()
	texts := map[string]bool{}
	fset := token.NewFileSet()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && text != "" {
				texts[text] = true
			}
		}
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "words") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "T" {
					add(n.Args[0])
				}
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Many" {
					add(n.Args[1])
					add(n.Args[2])
				}
				if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "say" || f.Name == "when") {
					add(n.Args[0])
				}
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "callPlot" {
					add(n.Args[1])
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "title" {
					add(n.Value)
				}
			case *ast.CompositeLit:
				addTable(n, add)
			case *ast.ReturnStmt:
				for _, r := range n.Results {
					if name == "start.go" {
						add(r)
					}
				}
			}
			return true
		})
	}
	for _, outcome := range []string{"pending", "pushed", "submitted"} {
		texts[outcomeName(outcome)] = true
	}
	for _, k := range listKinds {
		for _, text := range []string{k.key, k.time, k.note, k.dueAs} {
			if text != "" {
				texts[text] = true
			}
		}
	}
	for _, s := range callSeries {
		texts[s.name] = true
	}
	for _, callback := range []string{"payment", "refund", "settle"} {
		texts[callback] = true
	}
	return texts
}

// addTable adds the values of a map of names and the second field of a *problem.
func addTable(n *ast.CompositeLit, add func(ast.Expr)) {
	if m, ok := n.Type.(*ast.MapType); ok {
		if v, ok := m.Value.(*ast.Ident); ok && v.Name == "string" {
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					add(kv.Value)
				}
			}
		}
	}
	if id, ok := n.Type.(*ast.Ident); ok && id.Name == "problem" && len(n.Elts) == 2 {
		add(n.Elts[1])
	}
	if id, ok := n.Type.(*ast.Ident); ok && id.Name == "view" {
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "content" {
					add(kv.Value)
				}
			}
		}
	}
}

func textsOfTheTemplates(t *testing.T) map[string]bool {
	t.Helper()
	texts := map[string]bool{}
	names, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range names {
		source, err := templateFiles.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range append(inTemplate.FindAllSubmatch(source, -1), manyTemplate.FindAllSubmatch(source, -1)...) {
			for _, quoted := range m[1:] {
				text, err := strconv.Unquote(string(quoted))
				if err != nil {
					t.Fatal(err)
				}
				texts[text] = true
			}
		}
	}
	return texts
}

var verb = regexp.MustCompile(`%[a-z]`)

func TestEveryTextIsThereInChinese(t *testing.T) {
	used := textsOfTheProgram(t)
	if len(used) < 50 {
		t.Fatalf("only %d texts were found in the program", len(used))
	}
	for text := range textsOfTheTemplates(t) {
		used[text] = true
	}
	for text := range used {
		zh, ok := allWords[text]
		switch {
		case !ok:
			t.Errorf("%q has no Chinese", text)
		case strings.Join(verb.FindAllString(text, -1), "") != strings.Join(verb.FindAllString(zh, -1), ""):
			t.Errorf("%q and %q differ in their verbs", text, zh)
		}
	}
	for text := range allWords {
		if !used[text] {
			t.Errorf("%q is in the word list and nowhere used", text)
		}
	}
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestEveryMeaningIsWholeInBothLanguages(t *testing.T) {
	all := []meaning{unknownFailure}
	for _, m := range failureMeanings {
		all = append(all, m)
	}
	for _, m := range alarmMeanings {
		all = append(all, m)
	}
	for _, m := range all {
		for _, p := range []phrase{m.title, m.what, m.do} {
			if p.en == "" || han(strings.ReplaceAll(strings.ReplaceAll(p.en, "系统错误", ""), "担保交易支付订单不存在", "")) || !han(p.zh) {
				t.Errorf("%q / %q", p.en, p.zh)
			}
		}
	}
}

func TestTheClosestMeaningIsFound(t *testing.T) {
	for _, c := range []struct {
		kind string
		code int
		want meaning
	}{
		{"rejected", 40012, fixOpenID}, {"rejected", 99999, failureMeanings[cause{"rejected", 0}]}, {"incomplete", 0, failureMeanings[cause{"incomplete", 0}]},
		{"unavailable", 40022, failureMeanings[cause{"unavailable", 40022}]}, {"rejected", 40022, failureMeanings[cause{"rejected", 40022}]},
		{"unauthorized", 40014, fixToken}, {"", 0, unknownFailure}, {"nonsense", 0, unknownFailure}, {"nonsense", 4711, unknownFailure},
	} {
		for _, l := range []lang{english, chinese} {
			if got := l.failureMeaning(c.kind, c.code); got != l.meaning(c.want) {
				t.Errorf("%s %d: %+v", c.kind, c.code, got)
			}
		}
	}
}
