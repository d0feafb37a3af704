//go:build !unix

package pgtest

import "os/exec"

// account is who runs the server. Private servers need a Unix.
type account struct{}

func unprivileged() (account, error) { return account{}, ErrNoServer }
func (account) own(string) error     { return nil }
func (account) become(*exec.Cmd)     {}
func detach(*exec.Cmd)               {}
