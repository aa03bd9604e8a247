package book

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// told is a command that the texts tell somebody to type: what it begins with, and the tests or the
// part of CI that run it, or why nothing does.
type told struct{ begins, by, not string }

const (
	ofTheREADME = "TestTheCommandsOfTheREADMEWork"
	ofSHOP      = "TestTheCommandsOfSHOPWork"
	ofTRADE     = "TestTheCommandsOfTRADEWork"
	ofTryout    = "TestTheREADMEsThreeCommandsTryTheRealThing"
	ofThePHP    = "TestAPHPShopChangesOneLine"
	inACluster  = "no cluster is at hand; TestThePodsOfTheKubernetesManifestsRun starts what the manifests say"
	whatHasRun  = "it is one of the tests, or runs them"
	inTheByHand = "TestAPHPShopChangesOneLine drives the same file, with other addresses"
)

var commands = []told{
	// The README, SHOP and TRADE.
	{begins: "go run ./cmd/ordersync demo --serve", by: "TestADemoThatStaysShowsAFailedOrderAndPushesItAgain"},
	{begins: "go run ./cmd/ordersync demo", by: "TestEveryOrderOfTheDemoArrivesWithFaultsOnTheWay"},
	{begins: "go run ./cmd/ordersync dev", by: "TestDouyinsSideHasButtonsAndSurvivesARestart"},
	{begins: "ordersync dev", by: "TestDouyinsSideHasButtonsAndSurvivesARestart"},
	{begins: "git clone", by: ".ci/fresh"},
	{begins: "mysql shop < configs/tryout/shop.sql", by: ofTryout},
	{begins: "ordersync --config configs/tryout/ordersync.yaml", by: ofTryout},
	{begins: "go build -o", not: "the tests of cmd/internal/journeys build it in the same way, into a folder of their own"},
	{begins: "ordersync --config ordersync.yaml migrate", by: ofTheREADME},
	{begins: "ordersync --config ordersync.yaml doctor", by: ofTheREADME},
	{begins: "ordersync --config ordersync.yaml preview 102", by: ofSHOP},
	{begins: "ordersync --config ordersync.yaml preview", by: ofTheREADME},
	{begins: "ordersync --config ordersync.yaml run", by: ofTheREADME},
	{begins: "ordersync --config ordersync.yaml enqueue push 123", by: ofTheREADME},
	{begins: "ordersync --config ordersync.yaml status 123", by: ofTheREADME},
	{begins: "curl -X POST localhost:8080/v1/orders/", by: ofTheREADME},
	{begins: `curl -X POST localhost:8080/v1/payments -d '{"out_order_no":"1001","total_amount":1999,"subject":"课程","body"`, by: ofTheREADME},
	{begins: `curl -X POST localhost:8080/v1/payments -d '{"out_order_no":"1001","total_amount":1999,"subject":"课程","image"`, by: ofTRADE},
	{begins: "curl localhost:8080/v1/payments/1001", by: ofTRADE},
	{begins: "ordersync enqueue refund 1001", by: ofTheREADME},
	{begins: `echo '{"app_id":"tt…"`, by: ofTheREADME},
	{begins: `echo '{"skuList":[…]`, by: ofTRADE},
	{begins: "ordersync admin-hash", by: ofTheREADME},
	{begins: `curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"`, by: ofTheREADME},
	{begins: "ordersync --config copy.yaml", by: ofSHOP},
	{begins: "openssl ", by: ofTRADE},
	{begins: "chmod 600 app_private.pem", by: ofTRADE},
	{begins: "curl -sS --retry 9", by: ofTRADE},
	{begins: "curl 127.0.0.1:9000/_sim/trade/", by: ofTRADE},
	{begins: "curl 127.0.0.1:8080/v1/payments/$NO", by: ofTRADE},
	{begins: "ordersync simulator", by: ofTRADE},
	{begins: "ordersync migrate --print", by: "TestPrintedIsWhatIsPending"},
	{begins: "ordersync migrate", by: ofTRADE},
	{begins: "ordersync doctor", by: ofTRADE},
	{begins: "ordersync run", by: ofTRADE},
	{begins: "ordersync status $NO", by: ofTRADE},
	{begins: "ordersync audit DY… --agree", by: "TestAuditSaysAWordOrListsThoseThatWait"},
	{begins: "ordersync audit NO", by: "TestAuditSaysAWordOrListsThoseThatWait"},
	{begins: "ordersync audit", by: ofTRADE},
	{begins: `jq -r .data signed.json \| ordersync sign --explain`, by: ofTRADE},
	{begins: "ssh -L", not: "it needs another machine"},

	// Operating it.
	{begins: "read -rs PASSWORD", by: ofTheREADME},
	{begins: "curl -s -b cookies", by: ofTheREADME},
	{begins: "go tool pprof", not: "it opens a browser; the profiles are looked at by " + ofTheREADME},
	{begins: "docker run -d -p 16686:16686", not: "it fetches an image; the traces are held by the tests of cmd/internal/traces"},
	{begins: "ORDERSYNC_TRACE__ENDPOINT=", not: "it sends to the container before it; the traces are held by the tests of cmd/internal/traces"},
	{begins: "ordersync backfill --from", by: "TestABackfillFromTheFirstRunToTheSecond"},
	{begins: "ordersync status ORDER", by: "TestCommandsTakeTheKeyOrANumber"},
	{begins: "ordersync status ID", by: "TestEnqueueStatusRetry"},
	{begins: "ordersync retry --order ID", by: "TestEnqueueStatusRetry"},
	{begins: "ordersync --help", by: "TestTheHelpSaysTheExitCodes"},
	{begins: "ordersync COMMAND --help", by: "TestTheHelpOfEveryCommandIsChinese"},
	{begins: "ordersync completion", by: "TestManPagesAndCompletionAreOfTheCommandTree"},
	{begins: "ordersync man DIRECTORY", by: "TestManPagesAndCompletionAreOfTheCommandTree"},
	{begins: "ordersync licenses", by: "TestEveryModuleHasItsLicence"},
	{begins: "ordersync version", by: "TestVersionAndPrintedMigrationsNeedNothing"},
	{begins: "docker ", not: "nothing here may publish an image; .ci/release builds and looks at it"},
	{begins: "kubectl ", not: inACluster},
	{begins: "cp configs/kubernetes/", not: inACluster},
	{begins: "sha256sum --check", not: "it is for what was downloaded; .ci/release writes the sums"},
	{begins: "sudo dpkg -i", not: "nothing is installed on the machine of the tests; .ci/release looks into the packages"},
	{begins: "sudo sh -c 'set -a; . /usr/share/ordersync/as-root.env", by: ".ci/release-check"},
	{begins: "sudo systemctl ", not: "no systemd is at hand; .ci/release looks into the packages that bring its units"},
	{begins: "man ordersync", by: "TestManPagesAndCompletionAreOfTheCommandTree"},
	{begins: "go tool trace", not: "it opens a browser"},

	// PHP.
	{begins: "composer require", not: "the package is not published yet"},
	{begins: "composer test", by: "TestTheClientAlone"},
	{begins: "php tests/run.php", by: "TestTheClientAlone"},
	{begins: "ordersync --config ordersync.yaml simulator", by: ofThePHP},
	{begins: "ordersync --config ordersync.yaml status 1", by: ofThePHP},
	{begins: "sed 's/^use app", not: inTheByHand},
	{begins: "SHOP_PDO=", not: inTheByHand},
	{begins: "curl '127.0.0.1:8000/", not: inTheByHand},
	{begins: "curl -X POST '127.0.0.1:8000/", not: inTheByHand},
	{begins: `curl 127.0.0.1:9000/_sim/pay -d '{"out_order_no":"SN1"}'`, not: inTheByHand},

	// Developing it.
	{begins: "go test ", not: whatHasRun},
	{begins: "make help", not: "it prints; TestTheBookCallsTargetsOfTheMakefile holds the names of targets"},
	{begins: "make ", not: whatHasRun},
	{begins: "bash .ci/fresh", not: "it is a walk of minutes with empty caches, made by hand before a release"},
	{begins: "bash .ci/release", by: ".ci/run"},
	{begins: "bash .ci/loadtest", not: "it measures, and wants a machine of its own"},
	{begins: "bash .ci/run", not: whatHasRun},
	{begins: "ordersync loadtest", not: "it measures, and wants a machine of its own"},
	{begins: "go doc ", not: "it prints the docs of a package"},
}

var (
	anyBlock = regexp.MustCompile("(?ms)^ *```(\\w*)\\n(.*?)^ *```")
	// typed is the first word of what somebody types.
	typed        = regexp.MustCompile(`^(ordersync|make|go|bash|curl|docker|kubectl|systemctl|ssh|php|composer|jq|git|man|sudo|sha256sum) ([\w.-]*/)?[\w.\-${<]`)
	lineComment  = regexp.MustCompile(`(?m)(^|\s+)#( |$).*$`)
	setsVariable = regexp.MustCompile(`^(export )?[A-Z_]+=\S+( [A-Z_]+=\S+)*$`)
)

// typedIn are the commands of a text: the lines of its blocks of shell, and what stands as code in its
// sentences and begins like one.
func typedIn(text string) (all []string) {
	for _, block := range anyBlock.FindAllStringSubmatch(text, -1) {
		if block[1] != "sh" && block[1] != "" {
			continue
		}
		lines := lineComment.ReplaceAllString(strings.ReplaceAll(block[2], "\\\n", ""), "")
		for line := range strings.SplitSeq(lines, "\n") {
			line = strings.TrimSpace(line)
			if line != "" && !setsVariable.MatchString(line) && (block[1] == "sh" || typed.MatchString(line) && !strings.Contains(line, ": ")) {
				all = append(all, line)
			}
		}
	}
	for _, code := range mdCode.FindAllStringSubmatch(anyBlock.ReplaceAllString(text, ""), -1) {
		if typed.MatchString(code[1]) {
			all = append(all, code[1])
		}
	}
	return all
}

// Whoever types a command of a text types one that a test has run, or one of which is known why none
// does. A new command goes into the table above, and an entry goes with the last text that has it.
func TestEveryCommandOfTheBookIsRunOrNot(t *testing.T) {
	ran := testsOfTheTree(t)
	used := make([]bool, len(commands))
	found := 0
	for _, doc := range texts(t) {
		if name := filepath.Base(doc); name == "CHANGELOG.md" || name == "ARCHITECTURE.md" || strings.Contains(doc, "/.ci/") {
			continue // they tell what was, and how it is made
		}
		for _, command := range typedIn(readDoc(t, doc)) {
			found++
			i := slices.IndexFunc(commands, func(c told) bool { return strings.HasPrefix(command+" ", c.begins) })
			if i < 0 {
				t.Errorf("%s tells to type %q, and nothing says which test runs it", doc, command)
				continue
			}
			used[i] = true
		}
	}
	if found < 150 {
		t.Errorf("%d commands only: does the pattern still fit?", found)
	}
	for i, c := range commands {
		if !used[i] {
			t.Errorf("no text tells to type %q", c.begins)
		}
		if (c.by == "") == (c.not == "") {
			t.Errorf("%q: want what runs it, or why nothing does", c.begins)
		}
		if c.by != "" && !ran[c.by] && !there(c.by) {
			t.Errorf("%q is said to be run by %s, which is not there", c.begins, c.by)
		}
	}
}

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// testsOfTheTree are the names of all tests.
func testsOfTheTree(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range testName.FindAllStringSubmatch(readDoc(t, path), -1) {
			all[m[1]] = true
		}
		return nil
	})
	if err != nil || len(all) < 500 {
		t.Fatalf("%d tests, %v", len(all), err)
	}
	return all
}
