//go:build !linux

package integrationtest_test

import (
	"errors"
	"testing"

	"github.com/dcmkit/convtrack/store/pgstore/pgtest"
)

func mountSmall(string, int) error { return errors.New("that is for Linux") }

func unmount(string) error { return nil }

func ownedBy(*testing.T, *pgtest.Cluster, string) {}
