package main

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged returns how to run a command as somebody who may run a server,
// which refuses root, and how to give that account a file.
func unprivileged() (run func(*exec.Cmd), own func(path string) error, err error) {
	if os.Geteuid() != 0 {
		return func(*exec.Cmd) {}, func(string) error { return nil }, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(account.Uid)
		if err != nil {
			return nil, nil, err
		}
		gid, err := strconv.Atoi(account.Gid)
		if err != nil {
			return nil, nil, err
		}
		run = func(cmd *exec.Cmd) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		}
		return run, func(path string) error { return os.Chown(path, uid, gid) }, nil
	}
	return nil, nil, errors.New("PostgreSQL refuses to be run by root, and there is no account postgres or nobody to run it")
}

// detach keeps an interrupt at the terminal from the command: it is told to
// end when the tables are dropped.
func detach(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid = true
}
