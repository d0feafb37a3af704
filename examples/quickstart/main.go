// Quickstart shows convtrack at work, without an account and without a server
// to install:
//
//	go run ./examples/quickstart
//
// It starts a simulator of Genesys Cloud, a tracker on an SQLite file, and the
// WebSocket and polling sources through the official SDK; plays a call that is
// transferred; prints each Common Event as its hook runs; and shows what is
// stored in the end. With GENESYS_REGION, GENESYS_CLIENT_ID and
// GENESYS_CLIENT_SECRET set it follows a real organisation until Ctrl-C.
//
// The example itself is in the folder app. This program only builds and runs
// it, because the SDK takes minutes to compile the first time, and somebody
// should say so.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const app = "github.com/dcmkit/convtrack/examples/quickstart/app"

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, messages io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	folder, err := os.MkdirTemp("", "convtrack-quickstart-")
	if err != nil {
		_, _ = fmt.Fprintln(messages, "quickstart:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	binary := filepath.Join(folder, "quickstart")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if err := build(ctx, binary, messages); err != nil {
		if ctx.Err() != nil {
			_, _ = fmt.Fprintln(messages, "quickstart: interrupted")
			return 130
		}
		_, _ = fmt.Fprintln(messages, "quickstart: the example could not be built; run it from inside the convtrack module, with the go command on the path and room on the disk:", err)
		return 1
	}
	example := exec.Command(binary, args...) //nolint:noctx // asked to end, it ends in its own way
	example.Stdin, example.Stdout, example.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = runTo(ctx, example)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(messages, "quickstart: interrupted")
		return 130
	case err != nil:
		_, _ = fmt.Fprintln(messages, "quickstart:", err)
		return 1
	}
	return 0
}

// runTo runs the example to its end, and hands it what asks this process to end.
// When that has been asked before, it does not begin.
func runTo(ctx context.Context, example *exec.Cmd) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := example.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-ctx.Done():
			_ = example.Process.Signal(syscall.SIGTERM) // also after Ctrl-C, which a terminal alone hands to both
		case <-done:
		}
	}()
	return example.Wait()
}

// build builds the example, and says so when it takes long.
func build(ctx context.Context, binary string, messages io.Writer) error {
	began := time.Now()
	done := make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		wait := 3 * time.Second
		for {
			select {
			case <-done:
				return
			case <-time.After(wait):
			}
			if wait = 15 * time.Second; time.Since(began) < 10*time.Second {
				_, _ = fmt.Fprintln(messages, "Compiling the official Genesys SDK and SQLite: two to four minutes the first time, then seconds.")
			} else {
				_, _ = fmt.Fprintf(messages, "Still compiling after %v …\n", time.Since(began).Round(time.Second))
			}
		}
	}()
	compile := exec.CommandContext(ctx, "go", "build", "-o", binary, app)
	compile.Stderr = messages
	if runtime.GOOS != "windows" { // it starts no more compilers then, and removes its own folder, which a kill would leave behind
		compile.Cancel = func() error { return compile.Process.Signal(os.Interrupt) }
		compile.WaitDelay = 10 * time.Second
	}
	err := compile.Run()
	close(done)
	<-told
	return err
}
