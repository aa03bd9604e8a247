package servertest

import (
	"os/exec"
	"syscall"
)

// Nothing freezes a process there, and no server is started there either.
const (
	stopSignal = syscall.SIGTERM
	goOnSignal = syscall.SIGTERM
)

// OwnGroup keeps a Ctrl-C that is meant for the test from cmd's process. Call it before cmd is started.
func OwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
