package eventbridge_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if spool, is := os.LookupEnv(victimVariable); is {
		live(spool)
		return
	}
	goleak.VerifyTestMain(m)
}
