package servertest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ordersync/ordersync/store"
)

// The oldest versions that the tests speak of, as doctor has them, and as the PHP client's
// composer.json.
var (
	leastRedis = [2]int{6, 2}
	leastPHP   = [2]int{7, 4}
)

// The servers: found on the PATH, or another version of them that somebody names.
var (
	mariadbdProgram = cmp.Or(os.Getenv("ORDERSYNC_TEST_MARIADBD"), "mariadbd")
	redisProgram    = cmp.Or(os.Getenv("ORDERSYNC_TEST_REDIS_SERVER"), "redis-server")
)

var mariadbd = &tool{name: mariadbdProgram, packages: "mariadb-server-core", lacks: func(string) string {
	s, err := sharedMySQL()
	if err != nil {
		return "it does not start: " + err.Error()
	}
	db, err := store.Open(s.dsn("information_schema"))
	if err != nil {
		return err.Error()
	}
	defer closeDB(db)
	st, err := store.New(db, store.Config{})
	if err != nil {
		return err.Error()
	}
	defer st.Close()
	info, err := st.ServerInfo(context.Background())
	if err != nil {
		return "it does not answer: " + err.Error()
	}
	if !info.Enough {
		return info.Flavour + " " + info.Version + " is too old"
	}
	return ""
}}

var redisServer = &tool{name: redisProgram, packages: "redis-server", lacks: func(string) string {
	s, err := sharedRedis()
	if err != nil {
		return "it does not start: " + err.Error()
	}
	client := s.admin()
	defer client.Close() //nolint:errcheck // nothing was written through it
	info, err := client.InfoMap(context.Background(), "server").Result()
	if err != nil {
		return "it does not answer: " + err.Error()
	}
	return tooOld("Redis", info["Server"]["redis_version"], leastRedis)
}}

var phpCLI = &tool{name: "php", packages: phpPackages, lacks: func(path string) string {
	out, err := says(path, "-r", "echo PHP_VERSION;")
	if err != nil {
		return fmt.Sprintf("it does not run: %v: %s", err, out)
	}
	return tooOld("PHP", strings.TrimSpace(out), leastPHP)
}}

const phpPackages = "php-cli php-curl php-mysql php-sqlite3"

// extensions are those that php has, in small letters.
var extensions = sync.OnceValues(func() ([]string, error) {
	path, _ := phpCLI.look()
	out, err := says(
		path,
		"-r",
		"echo implode(' ', array_map('strtolower', get_loaded_extensions()));",
	)
	return strings.Fields(out), err
})

// PHP is the path of a php that has the extensions, as `php -m` names them in small letters. Where
// there is none, ok is false and there is nothing to test.
func PHP(t testing.TB, wanted ...string) (path string, ok bool) {
	t.Helper()
	path, ok = need(t, phpCLI)
	if !ok {
		return "", false
	}
	found, err := extensions()
	if err != nil {
		t.Fatalf("php's extensions: %v", err)
	}
	missing := slices.DeleteFunc(
		slices.Clone(wanted),
		func(e string) bool { return slices.Contains(found, e) },
	)
	var why string
	if len(missing) > 0 {
		why = path + " is there, but without " + strings.Join(missing, ", ")
	}
	return path, decide(t, why, phpPackages)
}

var chromium = &tool{
	name:     "chromium",
	packages: "chromium fonts-noto-cjk",
	lacks: func(path string) string {
		profile, err := os.MkdirTemp("", "ordersync-chromium-")
		if err != nil {
			return err.Error()
		}
		defer os.RemoveAll(profile) //nolint:errcheck // a profile of a browser that has ended
		out, err := says(
			path,
			"--headless",
			"--no-sandbox",
			"--disable-gpu",
			"--user-data-dir="+profile,
			"--dump-dom",
			"data:text/html,<p>seven+times+six",
		)
		if err != nil {
			return fmt.Sprintf("it does not start: %v: %s", err, out)
		}
		if !strings.Contains(out, "<p>seven") {
			return "it shows no page: " + out
		}
		return ""
	},
}

// Chromium is the path of a Chromium that shows pages. Where there is none, ok is false.
func Chromium(t testing.TB) (path string, ok bool) {
	t.Helper()
	return need(t, chromium)
}

// sqlClients are the programs that send a script to a server; one of them is enough.
var sqlClients = map[string]*tool{"mariadb": sqlClient("mariadb"), "mysql": sqlClient("mysql")}

func sqlClient(name string) *tool {
	return &tool{name: name, packages: "mariadb-client-core", lacks: func(path string) string {
		if out, err := says(path, "--version"); err != nil {
			return fmt.Sprintf("it does not run: %v: %s", err, out)
		}
		return ""
	}}
}

// SQLClient is the path of mariadb or mysql, the client. One that is not there is not missed, and
// one that is there and does not run is not used.
func SQLClient(t testing.TB, name string) (path string, ok bool) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		return "", false
	}
	return need(t, sqlClients[name])
}

// programs are tools of the system's that texts of ours call.
var programs = map[string]*tool{
	"bash": {name: "bash", packages: "bash"}, "curl": {name: "curl", packages: "curl"}, "openssl": {name: "openssl", packages: "openssl"},
}

// Program is the path of bash, curl or openssl. Where it is not there, ok is false and there is nothing
// to test.
func Program(t testing.TB, name string) (path string, ok bool) {
	t.Helper()
	return need(t, programs[name])
}

// HasMySQL tells whether MySQLDSN answers a DSN: a test that starts processes of ours needs one.
func HasMySQL(t testing.TB) bool {
	t.Helper()
	_, ok := need(t, mariadbd)
	return ok
}

var versionNumber = regexp.MustCompile(`^(\d+)\.(\d+)`)

// tooOld says so; empty: it is new enough.
func tooOld(what, version string, least [2]int) string {
	m := versionNumber.FindStringSubmatch(version)
	if m == nil {
		return "it says no version"
	}
	major, _ := strconv.Atoi(m[1]) // digits, by the expression
	minor, _ := strconv.Atoi(m[2])
	if major < least[0] || major == least[0] && minor < least[1] {
		return fmt.Sprintf(
			"%s %s is too old: %d.%d is the least",
			what,
			version,
			least[0],
			least[1],
		)
	}
	return ""
}
