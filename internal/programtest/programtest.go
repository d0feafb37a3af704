// Package programtest builds commands of the module, for tests that run them as
// their users do.
package programtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// programs are those that were built for the tests of this process.
var programs struct {
	mu     sync.Mutex
	folder string
	paths  map[string]string // by their folders in the module
}

// Build builds the command in a folder of the module, as examples/backend, once in
// a process, and returns the path of the program.
func Build(t testing.TB, of string) (path string) {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if path, is := programs.paths[of]; is {
		return path
	}
	path, err := build(of)
	if err != nil {
		t.Fatalf("programtest: %s: %v", of, err)
	}
	programs.paths[of] = path
	return path
}

// Remove removes the programs: call it in TestMain, when all tests have run.
func Remove() {
	if programs.folder != "" {
		_ = os.RemoveAll(programs.folder)
	}
}

func build(of string) (path string, err error) {
	if programs.folder == "" {
		if programs.folder, err = os.MkdirTemp("", "programtest-"); err != nil {
			return "", err
		}
		programs.paths = map[string]string{}
	}
	root, err := module()
	if err != nil {
		return "", err
	}
	path = filepath.Join(programs.folder, strings.ReplaceAll(of, "/", "-"))
	command := exec.Command("go", "build", "-o", path, "./"+of)
	command.Dir = root
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, said)
	}
	return path, nil
}

// module is the folder of the module: a test runs in a folder of it, or of a module
// within it.
func module() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module github.com/dcmkit/convtrack\n") {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", errors.New("the test does not run in the module")
		}
		folder = above
	}
}
