//go:build !race

// The race detector watches the contract being tried on a file; make test tries it
// in memory without.

package sqlitestore_test

import (
	"testing"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/storetest"
)

// Here listings also look at one conversation after the other, as where there are many.
func TestConformanceInMemory(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(t testing.TB) store.Store {
		s := open(t, ":memory:")
		s.ReadsNoFew()
		return s
	}})
}
