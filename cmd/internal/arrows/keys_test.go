package arrows

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsynqsKeysAreNamedInOneFile: when the next version of asynq names a key in another way,
// tasks/queues.go is what has to change.
func TestAsynqsKeysAreNamedInOneFile(t *testing.T) {
	const root, home = "../../..", "tasks/queues.go"
	found := false
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && path != root && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		switch named := bytes.Contains(text, []byte(`"asynq:`)); {
		case named && name == home:
			found = true
		case named:
			t.Errorf("%s spells a key of asynq's: use %s", name, home)
		}
		return err
	})
	if err != nil || !found {
		t.Errorf("%v; %s names keys: %v", err, home, found)
	}
}
