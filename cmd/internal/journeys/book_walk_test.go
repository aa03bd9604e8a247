package journeys

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ordersync/ordersync/store"
	"github.com/ordersync/ordersync/store/servertest"
)

// walk runs blocks of shell from the texts as a person would, in a folder of its own, with a shop, MariaDB and Redis of its
// own, and Douyin's stand-in. What differs from the texts is where things listen.
type walk struct {
	t       *testing.T
	dir     string // where the commands run, and what ordersync.yaml and keys stand in
	dsn     string
	environ []string
	set     []string // lines that set variables of the shell
	ours    *binary
	ports   *strings.Replacer
	ran     int
}

// newWalk is nil where a program is not installed.
func newWalk(t *testing.T) *walk {
	t.Helper()
	for _, name := range []string{"bash", "curl", "openssl"} {
		if _, ok := servertest.Program(t, name); !ok {
			return nil
		}
	}
	mysql := servertest.StartMySQL(t)
	if mysql == nil {
		return nil
	}
	w := &walk{t: t, dir: t.TempDir(), dsn: mysql.NewDatabase(t), ours: product(t)}
	makeShop(t, w.dsn)
	gateway, admin, douyin := freeAddr(t), freeAddr(t), freeAddr(t)
	w.ports = strings.NewReplacer("127.0.0.1:8080", gateway, "localhost:8080", gateway, "127.0.0.1:8081", admin, "127.0.0.1:9000", douyin)
	w.write("bin/ordersync", fmt.Sprintf(
		"#!/bin/sh\ncase \" $* \" in *\" simulator \"*) set -- \"$@\" --addr %s;; esac\nexec '%s' \"$@\"\n", douyin, w.ours.path))
	w.write(".curlrc", "silent\nshow-error\nretry = 20\nretry-connrefused\n") // a person waits until it is up
	w.environ = append(plainEnviron(),
		"PATH="+filepath.Join(w.dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"), "CURL_HOME="+w.dir, "ORDERSYNC_LANG=en",
		"ORDERSYNC_MYSQL__DSN="+w.dsn, "ORDERSYNC_REDIS__URI=redis://"+servertest.StartRedis(t).Addr+"/5",
		"ORDERSYNC_GATEWAY__ADDR="+gateway, "ORDERSYNC_ADMIN__ADDR="+admin,
	)
	return w
}

// freeAddr is where nothing listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nobody has connected
	return l.Addr().String()
}

// write puts a file into the folder; a program may be run.
func (w *walk) write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(w.ports.Replace(content)), 0o700) //nolint:gosec // bin/ordersync is a program
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// sql changes the shop.
func (w *walk) sql(statements ...string) {
	w.t.Helper()
	db, err := store.Open(w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		w.t.Fatal(err)
	}
	defer pool.Close() //nolint:errcheck // it was only used here
	for _, statement := range statements {
		if _, err := pool.ExecContext(w.t.Context(), statement); err != nil {
			w.t.Fatalf("%s: %v", statement, err)
		}
	}
}

var (
	shellBlocks  = regexp.MustCompile("(?s)```sh\n(.*?)```")
	shellComment = regexp.MustCompile(`(?m)(^|\s+)#( |$).*$`)
	setsVariable = regexp.MustCompile(`^(export )?[A-Z_]+=\S+( [A-Z_]+=\S+)*$`)
	serves       = regexp.MustCompile(`^ordersync( --config \S+)? run$`)
)

// commandsOf are the lines of the block of shell that has a text in it.
func commandsOf(t *testing.T, file, with string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../..", file))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range shellBlocks.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(block[1], with) {
			lines := strings.Split(shellComment.ReplaceAllString(strings.ReplaceAll(block[1], "\\\n", ""), ""), "\n")
			return slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
		}
	}
	t.Fatalf("%s has no block of shell with %q", file, with)
	return nil
}

// follow runs the commands of a block in turn. says has what a command prints in the end, by a part of
// it: such a command only looks, so it is repeated until it says that.
func (w *walk) follow(commands []string, says map[string]string) {
	w.t.Helper()
	used := map[string]bool{}
	for _, line := range commands {
		line = strings.TrimSpace(w.ports.Replace(line))
		w.ran++
		switch {
		case setsVariable.MatchString(line):
			w.set = append(w.set, line)
		case strings.HasSuffix(line, "&"), serves.MatchString(line):
			w.begin(strings.TrimSpace(strings.TrimSuffix(line, "&")))
		default:
			want := ""
			for part, said := range says {
				if strings.Contains(line, w.ports.Replace(part)) {
					want, used[part] = said, true
				}
			}
			w.do(line, want)
		}
	}
	for part := range says {
		if !used[part] {
			w.t.Errorf("no command of %q has %q", commands, part)
		}
	}
}

func (w *walk) shell(line string) *exec.Cmd {
	script := strings.Join(append(slices.Clone(w.set), "set -o pipefail", line), "\n")
	cmd := exec.Command("bash", "-c", script) //nolint:gosec,noctx // lines of our own texts; what goes on ends with the test
	cmd.Dir, cmd.Env = w.dir, w.environ
	return cmd
}

// begin starts what goes on beside the other commands.
func (w *walk) begin(line string) {
	w.t.Helper()
	cmd, log := w.shell("exec "+line), newJournal()
	cmd.Stdout, cmd.Stderr = log, log
	servertest.OwnGroup(cmd)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.ours.reaper.watch(cmd.Process.Pid)
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		w.ours.reaper.forget(cmd.Process.Pid)
		if w.t.Failed() {
			w.t.Logf("the end of the log of %s:\n%s", line, log.tail(20))
		}
	})
}

// do runs a command to its end, and again until it says what is wanted.
func (w *walk) do(line, want string) {
	w.t.Helper()
	s := &stack{t: w.t}
	s.await(line, func(context.Context) (bool, string, error) {
		out, err := w.shell(line).CombinedOutput()
		if err != nil && want == "" {
			w.t.Fatalf("%s\n%v\n%s", line, err, out)
		}
		return err == nil && strings.Contains(string(out), want), string(out), nil
	})
}
