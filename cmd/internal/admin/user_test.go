package admin

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// What `htpasswd -nbBC 10 alice 'correct horse'` writes, $2y$ included.
const htpasswd = "$2y$10$abcdefghijklmnopqrstuuBcDeFgHiJkLmNoPqRsTuVwXyZ012345"

func TestParseUser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user, value string
		role        Role
		problem     string // empty: accepted
	}{
		"operator":        {"alice", "operator:" + htpasswd, Operator, ""},
		"viewer, spaced":  {"alice", " viewer: " + htpasswd + "\n", Viewer, ""},
		"chinese name":    {"小明", "viewer:" + htpasswd, Viewer, ""},
		"plain text":      {"alice", "operator:Tr0ub4dor&3", 0, "plain text is refused"},
		"no role":         {"alice", htpasswd, 0, "want viewer:"},
		"password alone":  {"alice", "Tr0ub4dor&3", 0, "want viewer:"},
		"unknown role":    {"alice", "root:" + htpasswd, 0, "want viewer:"},
		"cut hash":        {"alice", "viewer:" + htpasswd[:59], 0, "no bcrypt hash"},
		"too cheap":       {"alice", "viewer:" + strings.Replace(htpasswd, "$10$", "$05$", 1), 0, "cost is 5"},
		"too dear":        {"alice", "viewer:" + strings.Replace(htpasswd, "$10$", "$20$", 1), 0, "cost is 20"},
		"empty name":      {"", "viewer:" + htpasswd, 0, "a name has"},
		"name with space": {"a b", "viewer:" + htpasswd, 0, "a name has"},
		"name not UTF-8":  {"a\xff", "viewer:" + htpasswd, 0, "a name has"},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := ParseUser(c.user, c.value)
			if c.problem == "" {
				if err != nil || u.Role != c.role || string(u.Hash) != htpasswd {
					t.Fatalf("%v, %v", u.Role, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Fatalf("got %v, want %q", err, c.problem)
			}
			if strings.Contains(err.Error(), "Tr0ub4dor") || strings.Contains(err.Error(), htpasswd[20:40]) {
				t.Errorf("the error shows the value: %v", err)
			}
		})
	}
}

func TestAHashedPasswordSignsIn(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	u, err := ParseUser("alice", "operator:"+hash)
	if err != nil {
		t.Fatal(err)
	}
	if err := bcrypt.CompareHashAndPassword(u.Hash, []byte(password)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "short", strings.Repeat("x", 73)} {
		if _, err := HashPassword(bad); err == nil {
			t.Errorf("a password of %d bytes is taken", len(bad))
		}
	}
}

func TestAUserDoesNotPrintItsHash(t *testing.T) {
	t.Parallel()
	u := User{Operator, []byte(htpasswd)}
	js, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	printed := string(js) + fmt.Sprintf("%v %+v %#v %s %q %x %v", u, u, u, u, u, u, map[string]User{"a": u})
	if strings.Contains(printed, "$2y$") || strings.Contains(printed, fmt.Sprintf("%x", htpasswd)) || strings.Contains(printed, "50 121") {
		t.Errorf("printed %s", printed)
	}
}

func TestNewRefusesAUserWithoutHashOrRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, u := range map[string]User{"no hash": {Role: Viewer}, "no role": {Hash: []byte(htpasswd)}} {
		cfg := s.cfg
		cfg.Users = map[string]User{"alice": u}
		if _, err := New(cfg); err == nil || strings.Contains(err.Error(), htpasswd) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
