package configs

import (
	"slices"
	"strings"
)

// meant is what follows "is not a key": the key or the group that the path most likely means, or
// where all of them are listed.
func (l *loader) meant(path string) string {
	if near := l.nearest(path); near != "" {
		return ": is " + near + " meant?"
	}
	return " (configs/ordersync.example.yaml lists them all)"
}

// nearest is the one key, or group of keys, that a mistyped path is close to; empty: none is, or
// several are as close. Two slips in a word of eight letters are close, and so is a key with an
// underscore where a level ends.
func (l *loader) nearest(path string) string {
	best, found, tied := len(path)/4+1, "", false
	for _, candidate := range l.paths() {
		switch d := distance(flat(path), flat(candidate)); {
		case d < best:
			best, found, tied = d, candidate, false
		case d == best && found != "":
			tied = true
		}
	}
	if tied {
		return ""
	}
	return found
}

// flat makes a level's end and an underscore the same.
func flat(path string) string { return strings.ReplaceAll(path, "_", ".") }

// paths are the keys and the groups that they lie in, in alphabetical order.
func (l *loader) paths() []string {
	var all []string
	for path := range l.byPath {
		for {
			all = append(all, path)
			at := strings.LastIndexByte(path, '.')
			if at < 0 {
				break
			}
			path = path[:at]
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// distance is how many bytes have to be put in, taken out, replaced or swapped with their neighbour
// to make b of a.
func distance(a, b string) int {
	two, one := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := one[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(replaced, one[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one = one, row
	}
	return one[len(b)]
}
