package arrows

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	roomRow  = regexp.MustCompile("(?m)^\\| (`[a-z/]+`(?:, `[a-z/]+`)*) \\|")
	roomName = regexp.MustCompile("`([a-z/]+)`")
)

// ARCHITECTURE.md says what each package is for, and of no other. A row may have several: the first with
// its whole path, the others with their names in the same folder.
func TestTheBookHasEveryRoom(t *testing.T) {
	const root = "../../../"
	text, err := os.ReadFile(root + "ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## The rooms\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rooms := map[string]bool{}
	for _, row := range roomRow.FindAllStringSubmatch(table, -1) {
		names := roomName.FindAllStringSubmatch(row[1], -1)
		folder := path.Dir(names[0][1])
		for i, name := range names {
			room := name[1]
			if i > 0 {
				room = path.Join(folder, room)
			}
			if rooms[room] {
				t.Errorf("%s has two rows", room)
			}
			rooms[room] = true
			if info, err := os.Stat(filepath.Join(root, room)); err != nil || !info.IsDir() {
				t.Errorf("ARCHITECTURE.md has a room %s, and there is no such folder", room)
			}
		}
	}
	for _, p := range list(t, module+"...") {
		if name := strings.TrimPrefix(p.ImportPath, module); !rooms[name] {
			t.Errorf("ARCHITECTURE.md does not say what %s is for", name)
		}
	}
}
