// Package integrationtest holds the tests of whole trackers on real databases:
// processes that are killed, replicas, a server that restarts, and what reaches
// the log meanwhile.
//
// They stand apart from the root package because go mod tidy also fetches what
// the tests of imported packages need: so nobody has to fetch a database's driver
// who imports the root package and has a store of their own.
package integrationtest
