//go:build unix

package servertest

import (
	"os/exec"
	"syscall"
)

// OwnGroup keeps a Ctrl-C that is meant for the test from cmd's process. Call it before cmd is started.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
