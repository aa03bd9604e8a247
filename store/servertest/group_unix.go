//go:build unix

package servertest

import (
	"os/exec"
	"syscall"
)

// What freezes a process and lets it go on.
const (
	stopSignal = syscall.SIGSTOP
	goOnSignal = syscall.SIGCONT
)

// OwnGroup keeps a Ctrl-C that is meant for the test from cmd's process. Call it before cmd is started.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
