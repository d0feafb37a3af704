// Package sqlite compares the store in an SQLite file with the same store over
// a driver that needs cgo, and with what an application writes by hand on
// GORM. It lives in the module of the benchmarks, so that nobody else needs
// those.
package sqlite
