package book

import (
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

var (
	mdTarget  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	imgTarget = regexp.MustCompile(`<img src="([^"]+)"`)
	mdHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	mdQuoted  = regexp.MustCompile("`[^`]*`")
	ourName   = regexp.MustCompile(`\bordersync_[a-z_]+[a-z]\b`)
	ourAlert  = regexp.MustCompile(`\bOrdersync[A-Z]\w+`)
	sqlBlock  = regexp.MustCompile("(?s)```sql\n(.*?)```")
)

// Whoever follows a link of any of our texts arrives: at a file, and at the heading in it.
func TestEveryLinkOfTheBookLeadsSomewhere(t *testing.T) {
	links := 0
	for _, doc := range texts(t) {
		text := codeBlock.ReplaceAllString(readDoc(t, doc), "")
		found := append(mdTarget.FindAllStringSubmatch(mdQuoted.ReplaceAllString(text, ""), -1), imgTarget.FindAllStringSubmatch(text, -1)...)
		for _, m := range found {
			to, err := url.Parse(m[1])
			if err != nil || to.Scheme != "" {
				continue // another site's
			}
			links++
			path := doc
			if to.Path != "" {
				path = filepath.Join(filepath.Dir(doc), to.Path)
			}
			rel, err := filepath.Rel(tree, path)
			switch {
			case err != nil || strings.HasPrefix(rel, "..") || !there(rel):
				t.Errorf("%s links to %s, which is not there", doc, m[1])
			case to.Fragment != "" && !headings(readDoc(t, path))[to.Fragment]:
				t.Errorf("%s links to %s, and there is no such heading", doc, m[1])
			}
		}
	}
	if links < 100 {
		t.Errorf("%d links only: does the pattern still fit?", links)
	}
}

// texts are all that have a name in .md.
func texts(t *testing.T) (out []string) {
	t.Helper()
	err := filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == ".git":
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			out = append(out, path)
		}
		return nil
	})
	if err != nil || len(out) < 12 {
		t.Fatalf("%d texts, %v", len(out), err)
	}
	return out
}

// headings are the fragments that GitHub gives the headings of a text.
func headings(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range mdHeading.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		all[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1])] = true
	}
	return all
}

// Whoever is told to look at a metric, a table or an alert finds it: a metric on the dashboard, which has all of them.
func TestTheBookNamesMetricsTablesAndAlertsThatAreThere(t *testing.T) {
	known := readDoc(t, filepath.Join(tree, "configs/monitoring/ordersync.dashboard.json"))
	tables, err := filepath.Glob(filepath.Join(tree, "store/migrations/mysql/*.sql"))
	if err != nil || len(tables) == 0 {
		t.Fatal(len(tables), err)
	}
	for _, file := range append(tables, filepath.Join(tree, "store/migrate.go")) { // goose's own table
		known += readDoc(t, file)
	}
	alerts := readDoc(t, filepath.Join(tree, "configs/monitoring/ordersync.rules.yml"))
	named := 0
	for _, doc := range texts(t) {
		text := readDoc(t, doc)
		for _, name := range ourName.FindAllString(text, -1) {
			named++
			if !strings.Contains(known, name) {
				t.Errorf("%s names %s, which is neither a metric nor a table", doc, name)
			}
		}
		for _, name := range ourAlert.FindAllString(text, -1) {
			named++
			if !strings.Contains(alerts, "alert: "+name+"\n") {
				t.Errorf("%s names the alert %s, which is not there", doc, name)
			}
		}
	}
	if named < 100 {
		t.Errorf("%d names only: does the pattern still fit?", named)
	}
}

// Whoever types a SELECT of ours at three in the morning is answered.
func TestTheSQLOfTheBookRuns(t *testing.T) {
	db := servertest.DB(t)
	servertest.CreateShop(t, db)
	st, err := store.New(db, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, doc := range texts(t) {
		for _, block := range sqlBlock.FindAllStringSubmatch(readDoc(t, doc), -1) {
			for _, statement := range strings.Split(strings.TrimSpace(block[1]), ";\n") {
				ran++
				if err := db.Exec(statement).Error; err != nil {
					t.Errorf("%s: %s: %v", doc, statement, err)
				}
			}
		}
	}
	if ran < 12 {
		t.Errorf("%d statements only: does the pattern still fit?", ran)
	}
}
