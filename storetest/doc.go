// Package storetest says when a [store.Store] is one: it is the contract of
// package store as a suite of rules that any implementation can be tried on.
//
// # Adopting it
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: func(t testing.TB) store.Store {
//				s := mystore.New(t.TempDir())
//				t.Cleanup(func() { _ = s.Close() })
//				return s
//			},
//		})
//	}
//
// What else the store can do is declared in the [Harness]: Reopen when it is
// durable, Another when several processes can share it, Transactions when hooks can join its transactions. The rules on an
// ability that is not declared are left out, and the log says so. While a store
// is under way, go test -skip leaves out what it does not hold yet. [Bench] and
// [Fuzz] take the same harness.
//
// # Rules
//
// Each rule is a subtest with the rule as its name, so that a failure reads as
// what the store does not do: go test -run 'TestConformance/claiming' tries
// those of one topic. Every rule gets a store of its own, and they run in
// parallel.
//
// Rules on time use short waits and leases and never demand that something
// happens within one: a slow machine makes them slow, not red. What is read is
// compared to the microsecond, which is all that a store has to keep. Text that
// is no valid UTF-8, or has a zero byte, may come back with U+FFFD in its place, and
// harms nothing else; data (events, values, entries) comes back byte by byte.
//
// The topic "model" walks at random: it does the same to the store and to a
// plain model of one, and compares them. A failure tells its seed and the last
// steps; -storetest.seed repeats it, -storetest.walks and -storetest.steps make
// it longer.
//
// # Faulty
//
// [Faulty] makes any store fail on cue. It is for tests of what uses a store.
//
// The package is tested itself: it must find out each of a hundred stores that
// have one thing wrong.
package storetest
