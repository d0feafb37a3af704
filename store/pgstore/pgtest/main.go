package pgtest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
)

// Main is for TestMain: it starts the cluster of the connection string (see
// [Start]), runs the tests, ends the cluster, and then asks what else must hold.
// It returns the exit code. A private cluster writes through to the disk for
// benchmarks only; see [Unsynced].
func Main(m *testing.M, connString string, cluster **Cluster, then ...func() error) int {
	var err error
	if *cluster, err = Start(connString, forTests()...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	failed := (*cluster).Close()
	for _, holds := range then {
		if code == 0 {
			failed = errors.Join(failed, holds())
		}
	}
	if failed != nil {
		fmt.Fprintln(os.Stderr, failed)
		return 1
	}
	return code
}

func forTests() []Option {
	if !flag.Parsed() {
		flag.Parse()
	}
	if benchmarks := flag.Lookup("test.bench"); benchmarks != nil && benchmarks.Value.String() != "" {
		return nil
	}
	return []Option{Unsynced()}
}
