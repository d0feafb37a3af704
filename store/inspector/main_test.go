package inspector_test

import (
	"os"
	"testing"

	"github.com/dcmkit/convtrack/internal/browsertest"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m, os.Getenv("CONVTRACK_TEST_CHROMIUM"))) }
