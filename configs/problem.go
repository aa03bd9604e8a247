package configs

import (
	"sort"
	"strings"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	Key  string // "mysql.dsn"
	From string // the file or variable that gave the value; empty: nobody did
	Want string // what was expected and, unless it is a secret, what was found
}

func (p Problem) String() string {
	if p.From == "" {
		return p.Key + ": " + p.Want
	}
	return p.Key + " (" + p.From + "): " + p.Want
}

// Error is all problems of a configuration, sorted by key. There is always at least one.
type Error struct{ Problems []Problem }

// Error is one line. A command that has room prints Problems one per line instead.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "config: " + strings.Join(lines, "; ")
}

// asError is nil when there are no problems.
func asError(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Key < problems[j].Key })
	return &Error{problems}
}
