package clientapp_test

import (
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/dcmkit/convtrack/internal/browsertest"
)

func TestMain(m *testing.M) {
	browsertest.Use(os.Getenv("CONVTRACK_TEST_CHROMIUM"))
	code := m.Run()
	browsertest.Stop()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = os.Stderr.WriteString(err.Error())
		code = 1
	}
	os.Exit(code)
}
