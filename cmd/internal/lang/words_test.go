package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the files in which texts of the table stand, beside those of the recorders.
var rooms = []string{
	"../doctor/*.go", "../../../configs/*.go",
	"../glance/print.go", "../preview/*.go", "../backfill/*.go", "../../ordersync/*.go",
	"../demo/*.go", "../dev/dev.go", "../dev/forward.go", "../dev/print.go", "../dev/state.go", "../loadtest/*.go", "../../../douyin/simulator/faults.go",
	"../../../tasks/gateway/money.go", "../../../tasks/gateway/audits.go", "../admin/user.go",
}

// sentence is what has two words of lower case beside each other, or a verb and a word.
var sentence = regexp.MustCompile(`[a-z',:)] +\(?[a-z]{2,}|[a-z]{2,} %|%[sdqv] [a-z]{2,}`)

// machine is what looks like one and is for machines.
var machine = regexp.MustCompile(`^  (ordersync|echo) |^\s*(SELECT|INSERT|UPDATE|DELETE|SHOW|EXPLAIN|FROM|WHERE|SET|CREATE TABLE|ALTER TABLE)\b|^, .*\x60|^\n(local|if) |^\^|^ (FROM|AND|WHERE|LIMIT|ORDER|AS)\b|^%s: %s$`)

// texts are what the program says, and whether it has to be there in Chinese.
type texts map[string]bool

// collect adds the text of an expression that stands alone, and tells whether it is one.
func (t texts) collect(e ast.Expr, needed bool) bool {
	text, ok := textOf(e)
	if ok {
		text = strings.ReplaceAll(text, "%w", "%v")
		t[text] = t[text] || needed
	}
	return ok
}

// textOf is what an expression of strings says, with verbs for what is not known.
func textOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		}
	case *ast.ParenExpr:
		return textOf(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, lok := textOf(e.X)
		right, rok := textOf(e.Y)
		if !lok && !rok {
			return "", false
		}
		for _, side := range []struct {
			text *string
			ok   bool
		}{{&left, lok}, {&right, rok}} {
			if !side.ok {
				*side.text = "%s"
			}
		}
		return left + right, true
	}
	return "", false
}

// textsOf are the texts of the files.
func textsOf(t *testing.T, glob string) texts {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no file has that name (%v)", glob, err)
	}
	out := texts{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok && f.Tag != nil {
				return false
			}
			if call, ok := n.(*ast.CallExpr); ok && isLog(call) {
				return false
			}
			if e, ok := n.(ast.Expr); ok {
				return !out.collect(e, !slices.Contains(englishOnly, name))
			}
			_, imports := n.(*ast.ImportSpec)
			return !imports
		})
	}
	return out
}

// isLog tells that a call writes a line of the log: zerolog's Msg ends each.
func isLog(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (f.Sel.Name == "Msg" || f.Sel.Name == "Msgf")
}

// notForPersons are strings that look like sentences: answers of servers, lines of the log, SQL's
// comments, data, and formats of which composedWords has each outcome.
var notForPersons = []string{
	"DB index is out of range", "max number of clients", "this authentication plugin is not supported", "Table function", "is not a key%s",
	"client token", "client_token fetched", "store: migration status: %v", "store: server version: %v",
	"scheduler runs", "scheduler stopped", "worker runs", "worker drains", "what was waited for is there",
	"the operators' port is another process's; this one serves none",
	"-- nothing to do: every migration was applied already",
	"-- ordersync: all migrations, as no mysql.dsn is set. They stop in a database that has some of them.\n%s",
	"%d %ss wait, the oldest since %s: Douyin refuses %s (code %d: %s)",
	"this machine is %s %s the database",
	"item_code %s", "%s (%s), update_time %d", "ordersync: config:", "unknown flag: --", "unknown command ", "order %s: %v",
	"Bearer %s", "ordersync %s", "an open_id of another app", "a fraction of a fen", "no openid", "no image", "another app's open_id",
	"callbacks are held back by the page of Douyin's side", "the handler of --forward: %s",
	"the sample shop could not take the callback", "dev: Douyin's side cannot be written down",
	"simulator: the key that verifies the callbacks of trade", "tasks: encode %T: %v",
	"callback not taken by callbacks.forward_url", "what became of a callback could not be written",
	": code %d", " (logid %s)", "douyin %s: %s", " of order \"", " of row \"", "%s and %s", "token %s for %s",
	"entry %s: %v", "move entry %s to %s: %v", "read %s: %v", "audit %s: %v", "payment %s: %v", "refunds of %s: %v",
	"callback %s", "trade: callback %s", "ordersync token cache v1%s",
	"refund.create, settle.create", "refund.query, settle.query", "order.query, settle.unsettled",
	"order.create, order.query, refund.create, refund.query, settle.create, settle.query, settle.unsettled",
	"decided before", "ended before", "left alone: state %s", "not before %s", "put off", "waits for a word",
	"payment confirmed by asking", "payment confirmed by asking: its callback has not come",
	"clock: agrees with the database's again", "clock: differs from the database's, which is the one that counts between processes",
	"all calls of trade", "payments, refunds and settlements", "purge callbacks", "queue doctor", "refunds of trade", "signs of life",
	"store of the shop alone",
}

// englishOnly are files that have texts for machines and the log, or their Chinese beside them. What
// the table has of them is Chinese. The gateway answers in English on the wire; a command says some
// of the same errors.
var englishOnly = []string{
	"../../ordersync/version.go", "../../ordersync/listen.go", "../../ordersync/help.go",
	"../../../tasks/gateway/money.go", "../../../tasks/gateway/audits.go",
}

// part tells whether a text is a part of one that the program puts together.
func part(text string) bool {
	text = strings.TrimPrefix(text, "%s")
	for _, words := range terms {
		if words[text] != "" {
			return true
		}
	}
	for whole := range composedWords {
		if strings.Contains(whole, text) {
			return true
		}
	}
	return false
}

func TestEveryTextIsThereInChinese(t *testing.T) {
	used := texts{}
	for _, r := range slices.Concat(rooms, recordedFrom(t)) {
		for text, needed := range textsOf(t, r) {
			used[text] = true
			_, there := all[text]
			switch {
			case there || !needed || !sentence.MatchString(text) || machine.MatchString(text) || slices.Contains(notForPersons, text):
			case part(text):
			default:
				t.Errorf("%s: no Chinese for\n\t%q", r, text)
			}
		}
	}
	for en, zh := range all {
		if !slices.Equal(verbsOf(en), verbsOf(zh)) {
			t.Errorf("%q and %q differ in their verbs", en, zh)
		}
		_, composed := composedWords[en]
		_, foreign := foreignWords[en]
		if !composed && !foreign && !used[en] {
			t.Errorf("%q is in the table and nowhere in the program", en)
		}
	}
	for text := range terms {
		if all[text] == "" {
			t.Errorf("%q has terms, and is not in the table", text)
		}
	}
	for whole := range composedWords {
		made := false
		for text := range used {
			made = made || len(text) > len("short") && strings.Contains(whole, strings.TrimPrefix(strings.TrimPrefix(text, "%s"), ": "))
		}
		if !made {
			t.Errorf("%q is in the table, and the program puts nothing like it together", whole)
		}
	}
}

// verbsOf are the verbs of a text in the order of their arguments.
func verbsOf(text string) []string {
	verbs := verb.FindAllString(text, -1)
	verbs = slices.DeleteFunc(verbs, func(v string) bool { return v == "%%" })
	out := make([]string, len(verbs))
	for i, v := range verbs {
		at := i
		if number, indexed := strings.CutPrefix(v, "%["); indexed {
			at, _ = strconv.Atoi(number[:strings.IndexByte(number, ']')])
			at--
		}
		if at < 0 || at >= len(out) {
			return verbs
		}
		out[at] = "%" + v[len(v)-1:]
	}
	return out
}
