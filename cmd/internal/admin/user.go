package admin

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

// Role is what a user may do. The zero value may do nothing.
type Role uint8

// An Operator may do what a Viewer may, and change things.
const (
	Viewer Role = iota + 1
	Operator
)

func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Operator:
		return "operator"
	}
	return "nobody"
}

// User is one who may sign in. It prints as its role: the hash is a secret.
type User struct {
	Role Role
	Hash []byte `json:"-" yaml:"-"` // bcrypt
}

// Format keeps every verb from printing the hash.
func (u User) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.Role.String()) }

const (
	hashCost = 12 // about a quarter of a second
	// A hash of less than leastCost is too cheap to guess at; one of more than mostCost lets a sign-in hold a core for seconds.
	leastCost, mostCost = 10, 14
	hashBytes           = 60
	leastPassword       = 10
	mostPassword        = 72 // bcrypt reads no more
	maxNameBytes        = 64
)

// ParseUser reads one entry of admin.users: "viewer:<bcrypt hash>" or "operator:<bcrypt hash>", as `htpasswd -nBC 12 NAME`
// and HashPassword make it. No error shows the value.
func ParseUser(name, value string) (User, error) {
	if err := checkName(name); err != nil {
		return User{}, err
	}
	role, hash, ok := strings.Cut(strings.TrimSpace(value), ":")
	u := User{Hash: []byte(strings.TrimSpace(hash))}
	switch {
	case ok && role == "viewer":
		u.Role = Viewer
	case ok && role == "operator":
		u.Role = Operator
	default:
		return User{}, fmt.Errorf("admin.users.%s: want viewer:<bcrypt hash> or operator:<bcrypt hash>", name)
	}
	cost, err := bcrypt.Cost(u.Hash)
	switch {
	case err != nil || len(u.Hash) != hashBytes:
		return User{}, fmt.Errorf("admin.users.%s: after the role stands no bcrypt hash ($2y$… of %d characters); a password in plain text is refused: make a hash with `htpasswd -nBC 12 %s`", name, hashBytes, name)
	case cost < leastCost || cost > mostCost:
		return User{}, fmt.Errorf("admin.users.%s: the bcrypt cost is %d, want %d to %d: `htpasswd -nBC 12 %s`", name, cost, leastCost, mostCost, name)
	}
	return u, nil
}

func checkName(name string) error {
	if name == "" || len(name) > maxNameBytes || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return fmt.Errorf("admin.users: a name has 1 to %d bytes of UTF-8 without spaces", maxNameBytes)
	}
	return nil
}

// HashPassword makes the hash for admin.users. A password has 10 to 72 bytes.
func HashPassword(password string) (string, error) {
	if len(password) < leastPassword || len(password) > mostPassword {
		return "", fmt.Errorf("admin: a password has %d to %d bytes", leastPassword, mostPassword)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	if err != nil {
		return "", errors.New("admin: the password cannot be hashed")
	}
	return string(hash), nil
}
