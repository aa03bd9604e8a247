package book

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/tasks"
	"github.com/ordersync/ordersync/worker"
)

// The book is ARCHITECTURE.md, CONTRIBUTING.md, SECURITY.md, the READMEs, the docs of the packages
// and the comments. What one of them points at is there.

const tree = "../../.."

var (
	webAddress = regexp.MustCompile(`https?://\S+`)
	textFile   = regexp.MustCompile(`[\w./-]*\w\.md\b`)
	// A tag of a source has hyphens, or stands in brackets of its own: (PAY), (ORDER-SYNC, table 2).
	hyphened  = regexp.MustCompile(`\b[A-Z]{2}[A-Z0-9]*(?:-[A-Z0-9]+)+\b`)
	bracketed = regexp.MustCompile(`[(\[]([A-Z][A-Z0-9-]+(?:, [A-Z][A-Z0-9-]+)*)[)\],:]`)
	// sourceLine is a line of the table in sourceDocs: a tab, a tag, spaces, what it is.
	sourceLine = regexp.MustCompile(`(?m)^\t([A-Z][A-Z0-9-]+) {2,}\S`)
)

// ordinary are words in capitals that name no source of Douyin's.
var ordinary = []string{
	"AES-256-GCM", "CROSSSLOT", "DB", "DECIMAL", "EXPLAIN", "HKDF-SHA256", "HMAC-SHA256", "NOTICE",
	"NULL", "PATENTS", "PSR-4", "PSR-7", "PTTL", "R1", "SHA-1", "SHA-256", "SHA256-RSA2048", "TLS", "TRUNCATE", "UNCONFIRMED",
	"URI", "UTF-8",
}

// Whoever clones the tree and reads a comment finds the text that it cites.
func TestCommentsCiteOnlyTextsOfTheTree(t *testing.T) {
	cited := 0
	eachComment(t, func(file, text string) {
		text = webAddress.ReplaceAllString(text, "")
		for _, name := range textFile.FindAllString(text, -1) {
			cited++
			if !there(name) && !there(filepath.Join(filepath.Dir(file), name)) {
				t.Errorf("%s cites %s, which is not in the tree", file, name)
			}
		}
	})
	if cited < 5 {
		t.Errorf("%d texts are cited: does the pattern still fit?", cited)
	}
}

// sourceDocs are the package comments that explain tags.
var sourceDocs = []string{"douyin/doc.go", "douyin/trade/doc.go"}

// A rule of Douyin's has a tag that says where it stands, and one of sourceDocs says what the tag is.
func TestEverySourceInACommentIsExplained(t *testing.T) {
	var explained []string
	for _, file := range sourceDocs {
		_, sources, _ := strings.Cut(docOf(t, filepath.Join(tree, file)), "\n# Sources\n")
		sources, _, _ = strings.Cut(sources, "\n# ")
		found := sourceLine.FindAllStringSubmatch(sources, -1)
		if len(found) < 15 {
			t.Fatalf("%s explains %d tags only: does the pattern still fit?", file, len(found))
		}
		for _, m := range found {
			if slices.Contains(explained, m[1]) {
				t.Errorf("%s explains %s again", file, m[1])
			}
			explained = append(explained, m[1])
		}
	}
	used := map[string]bool{}
	eachComment(t, func(file, text string) {
		if slices.Contains(sourceDocs, file) {
			text, _, _ = strings.Cut(text, "\n# Sources\n")
		}
		found := hyphened.FindAllString(text, -1)
		for _, m := range bracketed.FindAllStringSubmatch(text, -1) {
			found = append(found, strings.Split(m[1], ", ")...)
		}
		slices.Sort(found)
		for _, tag := range slices.Compact(found) {
			used[tag] = true
			if !slices.Contains(explained, tag) && !slices.Contains(ordinary, tag) {
				t.Errorf("%s: the source %s is explained in none of %q", file, tag, sourceDocs)
			}
		}
	})
	for _, tag := range append(explained, ordinary...) {
		if !used[tag] {
			t.Errorf("no comment uses %s", tag)
		}
	}
}

func there(name string) bool {
	_, err := os.Stat(filepath.Join(tree, name))
	return err == nil
}

// eachComment calls look with every comment of the tree; file is its path from the top.
func eachComment(t *testing.T, look func(file, text string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".git" && entry.IsDir():
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		}
		file, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		file = filepath.ToSlash(file)
		if filepath.Ext(path) == ".go" {
			files++
			return eachGoComment(path, func(text string) { look(file, text) })
		}
		if mark := commentMark(path); mark != nil {
			files++
			text, err := os.ReadFile(path)
			for _, line := range mark.FindAll(text, -1) {
				look(file, string(line))
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 300 {
		t.Fatalf("%d files only have comments: where is the tree?", files)
	}
}

func eachGoComment(path string, look func(text string)) error {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, c := range f.Comments {
		look(commentText(c))
	}
	return nil
}

// commentText is what c says; unlike c.Text it leaves nothing out.
func commentText(c *ast.CommentGroup) string {
	var text strings.Builder
	for _, line := range c.List {
		line := strings.TrimPrefix(strings.TrimPrefix(line.Text, "//"), " ")
		text.WriteString(line + "\n")
	}
	return text.String()
}

func docOf(t *testing.T, path string) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return commentText(f.Doc)
}

var (
	afterHash   = regexp.MustCompile(`(?m)(?:^|\s)#.*$`)
	afterDashes = regexp.MustCompile(`(?m)--.*$`)
	inPHP       = regexp.MustCompile(`(?m)(?://|^\s*/?\*).*$`)
)

// commentMark finds the comments of a file that is not Go's; nil where it has none.
func commentMark(path string) *regexp.Regexp {
	switch filepath.Ext(path) {
	case ".yml", ".yaml", ".sh", ".conf":
		return afterHash
	case ".sql":
		return afterDashes
	case ".php":
		return inPHP
	case "":
		if first, err := os.ReadFile(path); err == nil && bytes.HasPrefix(first, []byte("#!")) {
			return afterHash
		}
	}
	switch filepath.Base(path) {
	case "Caddyfile", "Dockerfile", "Makefile":
		return afterHash
	}
	return nil
}

var (
	ours     = []string{"ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"}
	mdLink   = regexp.MustCompile(`\]\(([^)#\s]+)`)
	mdCode   = regexp.MustCompile("`([^`\n]+)`")
	filePath = regexp.MustCompile(`^[\w.-]+(?:/[\w.*-]+)+$|^[\w-]+\.md$`)
	target   = regexp.MustCompile(`(?m)(?:^|\x60)make ([a-z-]+)`)
)

// notFiles look like a path and are none.
var notFiles = []string{"glebarez/sqlite", "graph-gophers/dataloader", "modernc.org/sqlite"}

// Whoever reads that something stands in worker/verdict.go finds that file.
func TestTheBookNamesFilesThatAreThere(t *testing.T) {
	named := 0
	for _, doc := range append([]string{"README.md", "README.zh-CN.md"}, ours...) {
		text := readDoc(t, filepath.Join(tree, doc))
		for _, m := range mdLink.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "://") && !there(m[1]) {
				t.Errorf("%s links to %s, which is not there", doc, m[1])
			}
		}
		if !slices.Contains(ours, doc) {
			continue
		}
		for _, m := range mdCode.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
			name := m[1]
			if !filePath.MatchString(name) || slices.Contains(notFiles, name) {
				continue
			}
			named++
			if found, err := filepath.Glob(filepath.Join(tree, name)); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there", doc, name)
			}
		}
	}
	if named < 100 {
		t.Errorf("%d files are named: does the pattern still fit?", named)
	}
}

func TestTheBookCallsTargetsOfTheMakefile(t *testing.T) {
	makefile := readDoc(t, filepath.Join(tree, "Makefile"))
	for _, doc := range ours {
		for _, m := range target.FindAllStringSubmatch(readDoc(t, filepath.Join(tree, doc)), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s calls make %s, which is not there", doc, m[1])
			}
		}
	}
}

// A new outcome, kind, state, alarm, queue or table is explained in ARCHITECTURE.md.
func TestTheBookHasEveryWord(t *testing.T) {
	text := readDoc(t, filepath.Join(tree, "ARCHITECTURE.md"))
	words := append(worker.Kinds(), tasks.Queues()...)
	for _, o := range []store.Outcome{
		store.Pending, store.Sending, store.Pushed, store.Settled, store.Refused, store.Retrying, store.GaveUp, store.Ignored,
	} {
		words = append(words, string(o))
	}
	for _, s := range append(store.OpenMoneyStates(), store.MoneySucceeded, store.MoneyFailed) {
		words = append(words, string(s))
	}
	words = append(words, store.AlarmOverdue, store.AlarmAmount, store.AlarmContradiction, store.AlarmUnknownOrder,
		store.AlarmUnreadable, store.AlarmUnknownCode, store.AlarmUnknownState, store.AlarmUnsendable, store.AlarmUnsettled, store.AlarmPutAside,
		store.AlarmUnanswered, store.AlarmForeignApp, store.AlarmUnknownType, store.AlarmNotUnderstood,
		store.AlarmUndelivered)
	created := regexp.MustCompile(`CREATE TABLE (?:IF NOT EXISTS )?(\w+)`)
	files, err := filepath.Glob(filepath.Join(tree, "store/migrations/mysql/*.sql"))
	if err != nil || len(files) < 9 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, file := range files {
		for _, m := range created.FindAllStringSubmatch(readDoc(t, file), -1) {
			words = append(words, m[1])
		}
	}
	for _, w := range words {
		if !regexp.MustCompile("\\b" + w + "\\b").MatchString(text) {
			t.Errorf("ARCHITECTURE.md does not explain %s", w)
		}
	}
}

// Whoever finds a package learns from its first paragraph whether it is for him.
func TestPublicPackagesSayWhoMayImportThem(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == "cmd" || name == ".ci" || name == ".git" || name == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil || f.Doc == nil { // another file of the package has its doc
			return err
		}
		seen++
		first, _, _ := strings.Cut(docOf(t, path), "\n\n")
		if !strings.Contains(first, "import") {
			t.Errorf("%s: does the first paragraph say whether others may import it?", path)
		}
		return nil
	})
	if err != nil || seen < 17 {
		t.Errorf("%d packages, %v", seen, err)
	}
}
