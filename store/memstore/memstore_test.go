package memstore_test

import (
	"testing"

	"github.com/dcmkit/convtrack/store"
	"github.com/dcmkit/convtrack/store/memstore"
	"github.com/dcmkit/convtrack/storetest"
)

func harness() storetest.Harness {
	const shared = "what is read and what is kept share memory"
	return storetest.Harness{
		Open: func(t testing.TB) store.Store {
			s := memstore.New()
			t.Cleanup(func() { _ = s.Close() })
			return s
		},
		Except: map[string]string{
			"hooks in the transaction/after a hook that panics the conversation is as before, and can be changed": "it stays reserved",

			"ownership/the data of an event that is read is the caller's own":      shared,
			"ownership/the data of an event that is delivered is the caller's own": shared,
			"ownership/the data of an event that is parked is the caller's own":    shared,
			"ownership/the refused change of a record is the caller's own":         shared,
			"ownership/a refused change that was committed stays the caller's own": shared,
		},
	}
}

func TestConformance(t *testing.T) { storetest.Run(t, harness()) }

func FuzzModel(f *testing.F) { storetest.Fuzz(f, harness()) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, harness()) }
