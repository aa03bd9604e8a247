//go:build !linux

package servertest

// folder is where servers keep their files: os.TempDir.
func folder() string { return "" }
