package memstore_test

import (
	"testing"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

func harness() storetest.Harness {
	return storetest.Harness{
		Open: func(t testing.TB) store.Store {
			s := memstore.New()
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
	}
}

func TestConformance(t *testing.T) { storetest.Run(t, harness()) }

func FuzzModel(f *testing.F) { storetest.Fuzz(f, harness()) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, harness()) }
