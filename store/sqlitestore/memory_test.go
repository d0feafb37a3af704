//go:build !race

// The race detector watches the contract being tried on a file; make test tries it
// in memory without.

package sqlitestore_test

import (
	"testing"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/storetest"
)

func TestConformanceInMemory(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(t testing.TB) store.Store { return open(t, ":memory:") }})
}
