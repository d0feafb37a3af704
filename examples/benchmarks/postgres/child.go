package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
)

// child is this program in a process of its own, which takes orders and says what
// came of them, as JSON.
type child struct {
	say  *json.Encoder
	hear *json.Decoder
}

// startChild starts this program again. It ends when the server is cleared, and
// nobody gives it orders any more: it outlives a context that ends, so that what
// it has made is dropped.
func startChild(s *server, o *options, args ...string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...) //nolint:noctx // see above
	cmd.Stderr = o.progress
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.later(func(context.Context) error { return errors.Join(in.Close(), cmd.Wait()) })
	return &child{json.NewEncoder(in), json.NewDecoder(out)}, nil
}
