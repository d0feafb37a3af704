package sqlitestore

import (
	"testing"

	"go.uber.org/goleak"
)

func run(m *testing.M) int {
	return m.Run()
}

var _ = goleak.VerifyTestMain
var _ testing.TB
