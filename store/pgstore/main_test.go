package pgstore_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

// cluster is the server of this process's tests.
var cluster *pgtest.Cluster

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, os.Getenv("CONVTRACK_TEST_POSTGRES"), &cluster, func() error { return goleak.Find() }))
}
