// Package pgtest gives tests a PostgreSQL: a server that somebody names, or a
// private one that it starts from installed binaries and that ends with the
// process, however that ends.
//
//	var cluster *pgtest.Cluster
//
//	func TestMain(m *testing.M) {
//		os.Exit(pgtest.Main(m, os.Getenv("CONVTRACK_TEST_POSTGRES"), &cluster))
//	}
//
// Tests need the real thing, so there is no way to skip them: where there is
// neither a server nor binaries, Start fails and says what to install.
package pgtest
